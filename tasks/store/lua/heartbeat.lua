-- uses: clock run_id
-- A worker says that it is alive, and learns of the fleet.
--
-- KEYS  1 workers  2 concurrency  3 epoch
-- ARGV  1 worker  2 its concurrency  3 ms after which a silent worker counts as dead  4 a new epoch, if there is none
-- Reply {concurrency of the living, the ledger's epoch, the server's run id or '', name of a dead one, ...}

local now = now_ms()
redis.call('ZADD', KEYS[1], exact(now), ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('SET', KEYS[3], ARGV[4], 'NX')
local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', exact(now - tonumber(ARGV[3])))
local total = 0
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. exact(now - tonumber(ARGV[3])), '+inf')) do
  total = total + (tonumber(redis.call('HGET', KEYS[2], name)) or 0)
end
return { total, redis.call('GET', KEYS[3]), run_id(), unpack(dead) }
