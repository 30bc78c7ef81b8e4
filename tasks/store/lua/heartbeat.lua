-- uses: clock run_id
-- Write the heartbeat of a worker, and return what it needs to know of the other workers and of Redis.
--
-- KEYS  1 workers  2 concurrency  3 epoch
-- ARGV  1 worker  2 how many calls it places at once  3 ms without a heartbeat after which a worker is dead
--       4 a new epoch, in case there is none
-- Reply {how many calls all live workers place at once, the epoch, the run id of Redis or '',
--       names of dead workers, ...}

local workers, concurrency, epoch = unpack(KEYS)
local worker, calls_at_once, dead_after_ms, new_epoch = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

local now = now_ms()
redis.call('ZADD', workers, exact(now), worker)
redis.call('HSET', concurrency, worker, calls_at_once)
redis.call('SET', epoch, new_epoch, 'NX')
local dead = redis.call('ZRANGEBYSCORE', workers, '-inf', exact(now - dead_after_ms))
local total = 0
for _, name in ipairs(redis.call('ZRANGEBYSCORE', workers, '(' .. exact(now - dead_after_ms), '+inf')) do
  total = total + (tonumber(redis.call('HGET', concurrency, name)) or 0)
end
return { total, redis.call('GET', epoch), run_id(), unpack(dead) }
