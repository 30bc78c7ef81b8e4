-- uses: clock quiet_slot
-- Reserve a slot of the pace for a request that places no call. While jobs are due or wait for a user, such requests
-- take at most a tenth of the slots; otherwise all that are free. Returns the ms until the slot, or nil: not now.

local CALLS_A_LOOK = 10 -- while jobs are due, there is at most one such request for so many calls

local function look_slot(pause, pace, waiting, calls, due_sets, now, interval_ms, longest_wait_ms, late_ms)
  local jobs_are_due = redis.call('ZCARD', waiting) > 0 or redis.call('LLEN', calls) > 0
  for _, due_set in ipairs(due_sets) do
    jobs_are_due = jobs_are_due or redis.call('ZCOUNT', due_set, '-inf', exact(now)) > 0
  end
  local last_ms = tonumber(redis.call('HGET', pace, 'look_ms')) or 0
  if jobs_are_due and last_ms <= now + longest_wait_ms and now < last_ms + (CALLS_A_LOOK + 1) * interval_ms then
    return nil
  end
  local wait_ms, slot = quiet_slot(pause, pace, now, interval_ms, longest_wait_ms, late_ms)
  if wait_ms then
    redis.call('HSET', pace, 'look_ms', exact(slot))
  end
  return wait_ms
end
