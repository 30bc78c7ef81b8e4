-- uses: clock pause wake
-- Claim a due job for one worker: queued or scheduled -> preparing, with a new fence and a lease.
--
-- KEYS  1 job  2 leases  3 pause  4 calls queue  5 wake  6.. due sets, highest priority first
-- ARGV  1 id  2 worker  3 lease in ms  4 length of the queue at which a scheduler is woken
-- Reply {'claimed', fence, content, last code or '', ms since it was first due, number of workers that died with it}
--       {'duplicate' | 'early' | 'unknown', state or ''}: the worker drops the nudge
--       {'paused', reason}: the job keeps its place

local job, leases, pause, calls, wake_key = unpack(KEYS)
local id, worker, lease_ms, wake_depth = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local now = now_ms()
if redis.call('LLEN', calls) <= wake_depth then
  wake(wake_key)
end

local state, priority, due_ms, content, last_code, since_ms, deaths = unpack(redis.call('HMGET', job,
  'state', 'priority', '_due_ms', '_job', 'code', '_since_ms', '_deaths'))
if not state then
  for k = 6, #KEYS do
    redis.call('ZREM', KEYS[k], id)
  end
  return { 'unknown', '' }
end
if state ~= 'queued' and state ~= 'scheduled' then
  return { 'duplicate', state }
end
if tonumber(due_ms) > now then
  return { 'early', state } -- the job was rescheduled after the nudge was sent
end
local due_set = KEYS[6 + 9 - tonumber(priority)]
local pause_ms, reason = paused(pause, now)
if pause_ms then
  redis.call('ZADD', due_set, due_ms, id)
  return { 'paused', reason }
end

redis.call('ZREM', due_set, id)
redis.call('ZADD', leases, exact(now + lease_ms), id)
redis.call('HSET', job, 'state', 'preparing', 'worker', worker)
redis.call('HDEL', job, 'due_at', '_slot_ms')
local fence = redis.call('HINCRBY', job, '_fence', 1)
return { 'claimed', fence, content, last_code or '', math.floor(now - (tonumber(since_ms) or now)), tonumber(deaths) or 0 }
