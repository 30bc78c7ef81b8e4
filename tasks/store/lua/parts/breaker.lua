-- uses: clock pause_entry wake
-- The circuit breaker: nothing is sent to an API that does not answer, that fails, or that refuses every job.
-- `store/keys.py` has the fields of the hash.

local UNANSWERED = 10  -- more are not sent into silence
local SILENCE = 1000   -- ms without an answer that count as silence
local REMEMBERED = 20  -- jobs in a list of ids

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

-- Whatever was counted, and whatever stopped the fleet, is over. Which jobs were rejected before it stays known.
local function forget_streaks(breaker)
  redis.call('HDEL', breaker, 'outage', 'refusal', 'open', 'distance_ms', 'probe_ms', 'unanswered', 'rejected', 'probed')
end

-- A list of ids (JSON, or false) with one more job in it; the oldest is dropped when the list is full.
local function with_job(list, id)
  local ids = cjson.decode(list or '[]')
  for _, known in ipairs(ids) do
    if known == id then
      return list
    end
  end
  ids[#ids + 1] = id
  if #ids > REMEMBERED then
    table.remove(ids, 1)
  end
  return cjson.encode(ids)
end

-- The job was refused, and ended for it.
local function note_rejected(breaker, id)
  redis.call('HSET', breaker, 'rejected', with_job(redis.call('HGET', breaker, 'rejected'), id))
end

-- The job was sent while the breaker was open, or opened it.
local function note_probed(breaker, id)
  redis.call('HSET', breaker, 'probed', with_job(redis.call('HGET', breaker, 'probed'), id))
end

-- A call was placed: the breaker closes.
local function close_breaker(breaker, pause, wake_key, now)
  if redis.call('HEXISTS', breaker, 'open') == 1 then
    redis.call('HDEL', pause, 'outage', 'credentials', 'refusal')
    wake(wake_key)
  end
  forget_streaks(breaker)
  redis.call('HSET', breaker, 'answered_ms', exact(now))
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
  local streak = math.huge -- the first refusal of the credentials concerns every job
  if kind == 'outage' then
    streak = redis.call('HINCRBY', breaker, 'outage', 1)
  elseif kind == 'refusal' then
    -- Whatever their codes: a fault that every job meets may show as several.
    streak = redis.call('HINCRBY', breaker, 'refusal', 1)
  end
  if streak <= report.in_a_row and open ~= kind then
    return false
  end

  -- What was on its way when the breaker opened does not make the distance grow; a probe that fails does.
  local entry = redis.call('HGET', pause, kind)
  local ends = entry and paused_until(entry) or 0
  if open ~= kind or ends <= now then
    local last = open == kind and tonumber(redis.call('HGET', breaker, 'distance_ms'))
    local distance = last and math.min(last * 2, report.longest_ms) or report.first_ms
    if open ~= kind and kind == 'refusal' then
      redis.call('HSET', breaker, 'rejected_before', redis.call('HGET', breaker, 'rejected') or '[]')
    end
    redis.call('HSET', breaker, 'open', kind, 'distance_ms', exact(distance))
    begin_pause(pause, kind, now, distance, report.message)
  end
  return true
end
