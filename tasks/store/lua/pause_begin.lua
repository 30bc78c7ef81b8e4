-- uses: clock pause_entry
-- Pause the fleet for one reason; an end that is already later stands.
--
-- KEYS  1 pause
-- ARGV  1 reason  2 message (JSON)  3 how long in ms, or '': until somebody ends it
-- Reply 1 if anything changed

return begin_pause(KEYS[1], ARGV[1], now_ms(), tonumber(ARGV[3]), ARGV[2])
