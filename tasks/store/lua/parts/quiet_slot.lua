-- uses: pace pause
-- Reserve a slot of the pace for a request that places no call. Returns the ms until the slot, or nil: not now.

local function quiet_slot(pause, pace, now, interval_ms, longest_wait_ms, late_ms)
  -- These pauses stop calls; every other pause says that the API must be left alone.
  local _, reason = paused(pause, now)
  if reason and reason ~= 'operator' and reason ~= 'nobody_there' then
    return nil
  end
  local slot = reserve(pace, now, interval_ms, longest_wait_ms, late_ms)
  if slot - now > longest_wait_ms then
    return nil
  end
  count_request(pace, now)
  return math.ceil(math.max(slot - now, 0)), slot
end
