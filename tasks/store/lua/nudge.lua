-- uses: clock pace pause
-- Nudge due jobs, highest priority first: put a message for each on the Celery queue that workers listen on.
-- A job stays in its due set, with a later score, until a worker claims it: a lost message is repeated.
--
-- While the circuit breaker is open, one job at a time goes out, as a probe: the caller chooses it, and asks again.
--
-- KEYS  1 calls queue  2 pause  3 pace  4 breaker  5.. due sets, highest priority first
-- ARGV  1 depth that the queue may reach  2 ms after which an unclaimed nudge is repeated
--       3 ms of slots that may be waiting ahead  4 ms between slots
--       5,6,7,8 the message, cut where the job id and twice a unique tag belong  9 id of the chosen probe, or ''
-- Reply {nudged, ms until there may be more to do (-1: only a wake-up changes that)}
--       {0, 0, ids of those that the last probes met (JSON) or '', id of a due job, ...}: choose one of these as a probe

local calls, pause, pace, breaker = unpack(KEYS)
local most_waiting, repeat_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local horizon_ms, interval_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local head, behind_id, behind_tag, tail, chosen = unpack(ARGV, 5)
local CANDIDATES = 200 -- jobs to choose a probe from

local now = now_ms()
local pause_ms = paused(pause, now)
if pause_ms then
  return { 0, math.ceil(pause_ms) }
end

-- No more jobs than slots within the horizon: a worker that holds a job should get to send it.
local ahead = slots_ahead(pace, now)
local waiting = redis.call('LLEN', calls)
local open, probed = unpack(redis.call('HMGET', breaker, 'open', 'probed'))
local depth = open and 1 or most_waiting
local room = math.min(depth, math.ceil((horizon_ms - ahead) / interval_ms)) - waiting
local nudged, soonest, candidates = 0, nil, { 0, 0, probed or '' }
for k = 5, #KEYS do
  local due_set = KEYS[k]
  if room > 0 then
    local ids
    if not open then
      ids = redis.call('ZRANGEBYSCORE', due_set, '-inf', exact(now), 'LIMIT', 0, room)
    elseif chosen == '' then
      ids = {}
      local most = CANDIDATES + 3 - #candidates
      for _, id in ipairs(redis.call('ZRANGEBYSCORE', due_set, '-inf', exact(now), 'LIMIT', 0, most)) do
        candidates[#candidates + 1] = id
      end
    else
      local due = tonumber(redis.call('ZSCORE', due_set, chosen) or nil)
      ids = due and due <= now and { chosen } or {}
    end
    for _, id in ipairs(ids) do
      local tag = cjson.encode(id .. ':' .. exact(now))
      redis.call('ZADD', due_set, exact(now + repeat_ms), id)
      redis.call('LPUSH', calls, head .. cjson.encode(id) .. behind_id .. tag .. behind_tag .. tag .. tail)
    end
    nudged = nudged + #ids
    room = room - #ids
  end
  local first = redis.call('ZRANGE', due_set, 0, 0, 'WITHSCORES')[2]
  if first and (soonest == nil or tonumber(first) < soonest) then
    soonest = tonumber(first)
  end
end
if #candidates > 3 then
  return candidates
end
if room <= 0 and waiting + nudged >= depth then
  return { nudged, -1 } -- the queue is full: the claim that empties it wakes a scheduler
elseif room <= 0 then
  return { nudged, math.ceil(math.max(interval_ms, 50)) } -- the pace is used up: slots come with time
end
return { nudged, soonest and math.max(math.ceil(soonest - now), 0) or -1 }
