-- uses: clock pause_entry wake
-- The circuit breaker: nothing is sent to an API that does not answer, that fails, or that refuses every job.
-- `store/keys.py` has the fields of the hash.

local UNANSWERED = 10  -- more are not sent into silence
local SILENCE = 1000   -- ms without an answer that count as silence

-- ms to wait before a request may leave, or nil; the caller counts it with `sent`.
local function held_back(breaker, now, lease)
  local h = redis.call('HMGET', breaker, 'open', 'probe_ms', 'unanswered', 'answered_ms', 'sent_ms')
  if h[1] then
    local probe = tonumber(h[2]) or 0
    return probe > now and math.min(probe - now, SILENCE) or nil
  end
  local silent = now - (tonumber(h[4]) or 0) > SILENCE
  -- Nobody will answer for workers that died: after their lease, try again.
  local somebody_waits = now - (tonumber(h[5]) or 0) < lease
  if silent and somebody_waits and (tonumber(h[3]) or 0) >= UNANSWERED then
    return SILENCE / 2
  end
end

local function sent(breaker, now, lease)
  redis.call('HINCRBY', breaker, 'unanswered', 1)
  redis.call('HSET', breaker, 'sent_ms', exact(now))
  if redis.call('HEXISTS', breaker, 'open') == 1 then
    redis.call('HSET', breaker, 'probe_ms', exact(now + lease))
  end
end

-- A call was placed: the breaker closes.
local function close_breaker(breaker, pause, wake_key, now)
  if redis.call('HEXISTS', breaker, 'open') == 1 then
    redis.call('HDEL', pause, 'outage', 'credentials', 'refusal')
    wake(wake_key)
  end
  redis.call('HDEL', breaker, 'outage', 'refusal', 'code', 'open', 'distance_ms', 'probe_ms', 'unanswered')
  redis.call('HSET', breaker, 'answered_ms', exact(now))
end

-- How many answers of this kind came in a row.
local function bad_in_a_row(breaker, report)
  if report.kind == 'outage' then
    return redis.call('HINCRBY', breaker, 'outage', 1)
  end
  if redis.call('HGET', breaker, 'code') ~= report.code then
    redis.call('HSET', breaker, 'code', report.code, 'refusal', 0)
  end
  return redis.call('HINCRBY', breaker, 'refusal', 1)
end

-- An answer that was no call: is it this job's fault, or would every job meet it?
-- Too many in a row open the breaker; then one probe at a time goes out, at growing distance, until one is placed.
-- report  kind: 'outage' (failed or unknown), 'refusal', 'credentials', or 'clear' (the API is alive);
--         code; message (JSON); in_a_row: how many are taken for the jobs' own; first_ms, longest_ms: distances;
--         answered: it is an answer, for a time-out ends no silence
-- Returns true if the breaker is open for it: it is not this job's fault.
local function count_bad_answer(breaker, pause, now, report)
  local kind = report.kind
  if report.answered then
    redis.call('HSET', breaker, 'answered_ms', exact(now))
    redis.call('HDEL', breaker, 'unanswered')
  end
  redis.call('HDEL', breaker, 'probe_ms')
  local open = redis.call('HGET', breaker, 'open')

  if kind ~= 'outage' then
    redis.call('HDEL', breaker, 'outage')
    if open == 'outage' then
      redis.call('HDEL', breaker, 'open', 'distance_ms')
      redis.call('HDEL', pause, 'outage')
      open = nil
    end
  end
  if kind == 'clear' then
    return false
  end
  -- Credentials are everybody's: the first refusal opens it.
  if kind ~= 'credentials' and bad_in_a_row(breaker, report) <= report.in_a_row and open ~= kind then
    return false
  end

  -- What was on its way when the breaker opened does not make the distance grow; a probe that fails does.
  local entry = redis.call('HGET', pause, kind)
  local ends = entry and paused_until(entry) or 0
  if open ~= kind or ends <= now then
    local last = open == kind and tonumber(redis.call('HGET', breaker, 'distance_ms'))
    local distance = last and math.min(last * 2, report.longest_ms) or report.first_ms
    redis.call('HSET', breaker, 'open', kind, 'distance_ms', exact(distance))
    begin_pause(pause, kind, now, distance, report.message)
  end
  return true
end
