-- uses: clock quiet_slot
-- Reserve a slot of the pace for one request that places no call, such as a subscription to events.
--
-- KEYS  1 pause  2 pace
-- ARGV  1 longest wait for a slot, in ms  2 ms between slots  3 ms by which a slot may be used late
-- Reply: ms until the slot, or -1: the request may not be sent now

local pause, pace = unpack(KEYS)
local longest_wait_ms, interval_ms, late_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

return quiet_slot(pause, pace, now_ms(), interval_ms, longest_wait_ms, late_ms) or -1
