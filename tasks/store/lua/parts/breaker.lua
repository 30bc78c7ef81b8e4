-- uses: clock pause_entry wake
-- The circuit breaker of the fleet: it limits what is sent to an API that does not answer, or that refuses every job.
-- `store/keys.py` has the fields of the hash.

local UNANSWERED = 10  -- no more requests are sent while this many have no answer
local SILENCE = 1000   -- ms without an answer after which this applies
local REMEMBERED = 20  -- largest number of jobs in a list of ids

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

-- Reset the counts and the breaker. The list of jobs that were rejected before the pause is kept.
local function forget_streaks(breaker)
  redis.call('HDEL', breaker, 'outage', 'refusal', 'open', 'distance_ms', 'probe_ms', 'unanswered', 'rejected',
    'probed')
end

-- Returns a list of ids (JSON, or false) with one more job; the oldest is removed if the list is full.
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

-- Record a job that was refused and ended as rejected.
local function note_rejected(breaker, id)
  redis.call('HSET', breaker, 'rejected', with_job(redis.call('HGET', breaker, 'rejected'), id))
end

-- Record a job that opened the breaker, or that was sent while it was open.
local function note_probed(breaker, id)
  redis.call('HSET', breaker, 'probed', with_job(redis.call('HGET', breaker, 'probed'), id))
end

-- Close the breaker, because a call was placed.
local function close_breaker(breaker, pause, wake_key, now)
  if redis.call('HEXISTS', breaker, 'open') == 1 then
    redis.call('HDEL', pause, 'outage', 'credentials', 'refusal')
    wake(wake_key)
  end
  forget_streaks(breaker)
  redis.call('HSET', breaker, 'answered_ms', exact(now))
end

-- Count a bad answer. Too many in a row are a systemic failure and open the breaker. One probe at a time is then
-- sent, with a growing time in between, until a call is placed.
-- report  kind: 'outage' (failed or unknown), 'refusal', 'credentials', or 'clear' (the API is alive);
--         message (JSON); in_a_row: how many are attributed to the jobs themselves; first_ms, longest_ms: time
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
  local streak = math.huge -- refused credentials affect every job: the first refusal opens the breaker
  if kind == 'outage' then
    streak = redis.call('HINCRBY', breaker, 'outage', 1)
  elseif kind == 'refusal' then
    -- Refusals with different codes count together: one systemic fault may cause several codes.
    streak = redis.call('HINCRBY', breaker, 'refusal', 1)
  end
  if streak <= report.in_a_row and open ~= kind then
    return false
  end

  -- A failed probe increases the distance. Requests that were in progress when the breaker opened do not.
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
