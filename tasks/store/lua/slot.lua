-- uses: clock look_slot
-- Reserve a slot of the pace for one more request of a search.
--
-- KEYS  1 pause  2 pace  3 calls queue  4 waiting  5.. due sets
-- ARGV  1 longest wait for a slot, in ms  2 ms between slots  3 ms by which a slot may be used late
-- Reply the ms until the slot, or -1: not now

local pause, pace, calls, waiting = unpack(KEYS)
local longest_wait_ms, interval_ms, late_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

return look_slot(pause, pace, waiting, calls, { unpack(KEYS, 5) }, now_ms(), interval_ms, longest_wait_ms, late_ms)
  or -1
