-- uses: clock pace pause
-- Reserve a slot of the pace for one request that places no call, such as a subscription to events.
--
-- KEYS  1 pause  2 pace
-- ARGV  1 longest wait for a slot, in ms  2 ms between slots  3 ms by which a slot may be used late
-- Reply: ms until the slot, or -1: the request may not be sent now

local pause, pace = unpack(KEYS)
local longest_wait_ms, interval_ms, late_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local now = now_ms()
-- These pauses stop calls; every other pause says that the API must be left alone.
local _, reason = paused(pause, now)
if reason and reason ~= 'operator' and reason ~= 'nobody_there' then
  return -1
end
local slot = reserve(pace, now, interval_ms, longest_wait_ms, late_ms)
if slot - now > longest_wait_ms then
  return -1
end
count_request(pace, now)
return math.ceil(math.max(slot - now, 0))
