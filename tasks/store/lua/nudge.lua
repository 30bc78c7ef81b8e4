-- uses: aside capacity clock pace pause pause_entry waiting
-- Nudge due jobs, highest priority first: push a message for each job to the Celery queue that the workers consume.
-- A job stays in its due set, with a later score, until a worker claims it, so that a lost message is repeated.
--
-- While the circuit breaker is open, one job at a time is nudged as a probe. The caller chooses it in a second step.
--
-- KEYS  1 calls queue  2 pause  3 pace  4 breaker  5..12 see capacity.lua  13.. due sets, highest priority first
-- ARGV  1 largest length of the queue  2 ms after which the nudge of an unclaimed job is repeated
--       3 jobs are nudged at most this many ms before their slots  4 ms between slots
--       5,6,7,8 the parts of the message, between which the job id and twice a unique tag are inserted
--       9 id of the chosen probe, or ''  10 calls at once for each user (0: no limit)
--       11.. the users of the fleet
-- Reply {number of nudged jobs, ms until there may be more to do (-1: not before a wake-up)}
--       {0, 0, ids of the jobs that were the last probes (JSON) or '', id of a due job, ...}: the caller chooses one
--       of the due jobs as the probe

local calls, pause, pace, breaker = unpack(KEYS)
local capacity, FIRST_DUE = capacity_keys(5), 13
local most_waiting, repeat_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local horizon_ms, interval_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local head, behind_id, behind_tag, tail, chosen = unpack(ARGV, 5, 9)
local limit, fleet = tonumber(ARGV[10]), { unpack(ARGV, 11) }
local OVERDUE = 100 -- holds that are ended in one run, because nothing was heard of their calls
local WOKEN_MS = 60000 -- for so long, a user is held for the job that waited for them and is due now
local CANDIDATES = 200 -- jobs to choose a probe from

local now = now_ms()
local pause_ms = paused(pause, now)
if pause_ms then
  return { 0, math.ceil(pause_ms) }
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', capacity.holds, '-inf', exact(now), 'LIMIT', 0, OVERDUE)) do
  release_hold(capacity, now, id)
end
release_waiting(capacity, FIRST_DUE, now, limit, fleet, WOKEN_MS)

if #fleet > 0 then
  local there_ms = nobody_until(capacity.users_aside, now, fleet)
  if there_ms then
    begin_pause(pause, 'nobody_there', now, there_ms > 0 and there_ms - now or nil,
      '"All users are set aside, because their phones were not picked up."')
    return { 0, -1 }
  end
end

-- Not more jobs than slots within the horizon are nudged, so that a worker that claims a job can send it.
local ahead = slots_ahead(pace, now)
local waiting = redis.call('LLEN', calls)
local open, probed = unpack(redis.call('HMGET', breaker, 'open', 'probed'))
local depth = open and 1 or most_waiting
local room = math.min(depth, math.ceil((horizon_ms - ahead) / interval_ms)) - waiting
local nudged, soonest, candidates = 0, nil, { 0, 0, probed or '' }
for k = FIRST_DUE, #KEYS do
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
  return { nudged, math.ceil(math.max(interval_ms, 50)) } -- all slots within the horizon are taken
end
return { nudged, soonest and math.max(math.ceil(soonest - now), 0) or -1 }
