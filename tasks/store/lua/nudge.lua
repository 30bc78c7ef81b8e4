-- uses: clock pace pause
-- Move due jobs, highest priority first, to the Celery queue that workers listen on.
-- A job stays in its due set, re-scored to later, until a worker claims it: a lost message is repeated.
--
-- KEYS  1 calls queue  2 pause  3 pace  4 health  5.. due sets, highest priority first
-- ARGV  1 depth the queue may reach  2 ms after which an unclaimed nudge is repeated
--       3 ms of slots that may be waiting ahead  4 ms between slots
--       5,6,7,8 the message, cut where the job id and twice a unique tag belong
-- Reply {nudged, ms until there may be more to do (-1: nothing but a wake-up changes that)}

local now = now_ms()
local pause_ms = paused(KEYS[2], now)
if pause_ms then
  return { 0, math.ceil(pause_ms) }
end

-- No more jobs than slots within the horizon: a worker that holds a job should get to send it.
local ahead = slots_ahead(KEYS[3], now)
local waiting = redis.call('LLEN', KEYS[1])
local interval = tonumber(ARGV[4])
-- After a stop, probes go out one by one until a call is placed.
local depth = redis.call('HEXISTS', KEYS[4], 'open') == 1 and 1 or tonumber(ARGV[1])
local room = math.min(depth, math.ceil((tonumber(ARGV[3]) - ahead) / interval)) - waiting
local nudged, soonest = 0, nil
for k = 5, #KEYS do
  if room > 0 then
    local ids = redis.call('ZRANGEBYSCORE', KEYS[k], '-inf', exact(now), 'LIMIT', 0, room)
    for _, id in ipairs(ids) do
      local tag = cjson.encode(id .. ':' .. exact(now))
      redis.call('ZADD', KEYS[k], exact(now + tonumber(ARGV[2])), id)
      redis.call('LPUSH', KEYS[1], ARGV[5] .. cjson.encode(id) .. ARGV[6] .. tag .. ARGV[7] .. tag .. ARGV[8])
    end
    nudged = nudged + #ids
    room = room - #ids
  end
  local first = redis.call('ZRANGE', KEYS[k], 0, 0, 'WITHSCORES')[2]
  if first and (soonest == nil or tonumber(first) < soonest) then
    soonest = tonumber(first)
  end
end
if room <= 0 and waiting + nudged >= depth then
  return { nudged, -1 } -- the queue is full: the claim that empties it wakes us
elseif room <= 0 then
  return { nudged, math.ceil(math.max(interval, 50)) } -- the pace is used up: slots come with time
end
return { nudged, soonest and math.max(math.ceil(soonest - now), 0) or -1 }
