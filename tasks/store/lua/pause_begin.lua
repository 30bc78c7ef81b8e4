-- uses: clock pause_entry
-- Pause the fleet for one reason. A longer pause for the same reason is kept.
--
-- KEYS  1 pause
-- ARGV  1 reason  2 message (JSON)  3 duration in ms, or '': until an operator ends it
-- Reply 1 if anything changed, else 0

local pause = KEYS[1]
local reason, message, for_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])

return begin_pause(pause, reason, now_ms(), for_ms, message)
