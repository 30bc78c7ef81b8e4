-- uses: capacity clock pause waiting wake
-- Claim a due job for one worker: queued or scheduled -> preparing, with a new fence and a lease.
--
-- KEYS  1 job  2 leases  3 pause  4 calls queue  5..12 see capacity.lua  13.. due sets, highest priority first
-- ARGV  1 id  2 worker  3 lease in ms  4 length of the queue at which a scheduler is woken
-- Reply {'claimed', fence, content, last code or '', ms since it was first due, number of workers that died with it}
--       {'duplicate' | 'early' | 'unknown', state or ''}: the worker drops the nudge
--       {'paused', reason}: the job keeps its place

local job, leases, pause, calls = unpack(KEYS)
local capacity, FIRST_DUE = capacity_keys(5), 13
local id, worker, lease_ms, wake_depth = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local now = now_ms()
if redis.call('LLEN', calls) <= wake_depth then
  wake(capacity.wake)
end

local state, priority, due_ms, content, last_code, since_ms, deaths, member = unpack(redis.call('HMGET', job,
  'state', 'priority', '_due_ms', '_job', 'code', '_since_ms', '_deaths', '_waiting'))
if not state then
  for k = FIRST_DUE, #KEYS do
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
local due_set = KEYS[FIRST_DUE + 9 - tonumber(priority)]
local pause_ms, reason = paused(pause, now)
if pause_ms then
  redis.call('ZADD', due_set, due_ms, id)
  return { 'paused', reason }
end

redis.call('ZREM', due_set, id)
leave_waiting(capacity, id, member)
redis.call('ZADD', leases, exact(now + lease_ms), id)
redis.call('HSET', job, 'state', 'preparing', 'worker', worker)
redis.call('HDEL', job, 'due_at', '_slot_ms', '_waiting')
local fence = redis.call('HINCRBY', job, '_fence', 1)
return { 'claimed', fence, content, last_code or '', math.floor(now - (tonumber(since_ms) or now)), tonumber(deaths) or 0 }
