-- Keep a new token for the fleet and release the lock.
-- A caller that was too slow has lost the lock: what another stored meanwhile then stands. Safe to replay.
--
-- KEYS  1 token  2 lock
-- ARGV  1 owner  2 token  3 ms that it may be used  4 ms left at which to refresh it early
-- Reply the token that the fleet uses now

if redis.call('GET', KEYS[2]) == ARGV[1] then
  redis.call('DEL', KEYS[2])
else
  local token = redis.call('HGET', KEYS[1], 'token')
  if token then
    return token
  end
end
redis.call('HSET', KEYS[1], 'token', ARGV[2], 'refresh_ms', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return ARGV[2]
