-- uses: clock pause_entry wake
-- The circuit breaker of the fleet: it limits what is sent to an API that does not answer, or that refuses every job.
-- `store/keys.py` has the fields of the hash.

local UNANSWERED = 10  -- no more requests are sent while this many have no answer
local SILENCE = 1000   -- ms without an answer after which this applies

-- Returns how many ms a request must wait, or nil. The caller counts a request that is sent with `sent`.
local function held_back(breaker, now, lease)
  local h = redis.call('HMGET', breaker, 'open', 'probe_ms', 'unanswered', 'answered_ms', 'sent_ms')
  if h[1] then
    local probe = tonumber(h[2]) or 0
    return probe > now and math.min(probe - now, SILENCE) or nil
  end
  local silent = now - (tonumber(h[4]) or 0) > SILENCE
  -- Requests of dead workers never get an answer, so they count only until the end of their lease.
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

-- Close the breaker, because a call was placed.
local function close_breaker(breaker, pause, wake_key, now)
  if redis.call('HEXISTS', breaker, 'open') == 1 then
    redis.call('HDEL', pause, 'outage', 'credentials', 'refusal')
    wake(wake_key)
  end
  redis.call('HDEL', breaker, 'outage', 'refusal', 'code', 'open', 'distance_ms', 'probe_ms', 'unanswered')
  redis.call('HSET', breaker, 'answered_ms', exact(now))
end

-- Count a bad answer; returns how many of this kind came in a row.
local function bad_in_a_row(breaker, report)
  if report.kind == 'outage' then
    return redis.call('HINCRBY', breaker, 'outage', 1)
  end
  if redis.call('HGET', breaker, 'code') ~= report.code then
    redis.call('HSET', breaker, 'code', report.code, 'refusal', 0)
  end
  return redis.call('HINCRBY', breaker, 'refusal', 1)
end

-- Count a bad answer. Too many in a row are a systemic failure and open the breaker. One probe at a time is then
-- sent, with a growing time in between, until a call is placed.
-- report  kind: 'outage' (failed or unknown), 'refusal', 'credentials', or 'clear' (the API is alive);
--         code; message (JSON); in_a_row: how many are attributed to the jobs themselves; first_ms, longest_ms: time
--         between probes; answered: false for a time-out, after which the API may still not answer
-- Returns true if the breaker is open for the answer: the failure is then systemic.
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
  -- Refused credentials affect every job: the first refusal opens the breaker.
  if kind ~= 'credentials' and bad_in_a_row(breaker, report) <= report.in_a_row and open ~= kind then
    return false
  end

  -- A failed probe increases the distance. Requests that were in progress when the breaker opened do not.
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
