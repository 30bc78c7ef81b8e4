-- uses: clock pause_entry
-- Pause the fleet for one reason, in place of the pause for this reason that holds.
--
-- KEYS  1 pause
-- ARGV  1 reason  2 message (JSON)  3 duration in ms, or '': until an operator ends it
-- Reply the entry that was replaced, or ''

local pause = KEYS[1]
local reason, message, for_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])

local now = now_ms()
local known = redis.call('HGET', pause, reason)
write_pause(pause, reason, known, now, for_ms, message)
return holds(known, now) and known or ''
