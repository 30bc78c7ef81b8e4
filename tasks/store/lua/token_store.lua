-- Store a new token for the fleet, and release the lock.
-- A caller that was too slow has lost the lock; a token that another worker stored in the meantime is then kept.
-- It can be repeated safely.
--
-- KEYS  1 token  2 lock
-- ARGV  1 owner  2 token  3 ms for which it may be used  4 remaining ms at which it is refreshed early
-- Reply the token that the fleet uses now

local token, lock = unpack(KEYS)
local owner, new, life_ms, refresh_ms = unpack(ARGV)

if redis.call('GET', lock) == owner then
  redis.call('DEL', lock)
else
  local current = redis.call('HGET', token, 'token')
  if current then
    return current
  end
end
redis.call('HSET', token, 'token', new, 'refresh_ms', refresh_ms)
redis.call('PEXPIRE', token, life_ms)
return new
