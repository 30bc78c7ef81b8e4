-- Hand out the fleet's next slot (GCRA: the generic cell rate algorithm of ATM's traffic control).
-- interval: milliseconds between requests; burst: how many may go at once after idleness.
-- Returns the time of the slot; it is taken only if it is within max_wait of now.

local function reserve(key, now, interval, burst, max_wait)
  local tat = math.max(tonumber(redis.call('HGET', key, 'tat_ms')) or 0, now)
  local slot = math.max(now, tat - (burst - 1) * interval)
  if slot - now <= max_wait then
    redis.call('HSET', key, 'tat_ms', exact(tat + interval))
  end
  return slot
end
