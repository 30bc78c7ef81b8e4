-- Decide what a caller does for a token: use the fleet's token, request a new one (one worker at a time), wait for
-- that worker, or give up. It can be repeated safely: the owner of the lock gets the same reply.
--
-- KEYS  1 token  2 lock  3 failure
-- ARGV  1 owner (a random value for each caller)  2 lifetime of the lock in ms
-- Reply {'use', token} | {'fetch', old token or ''}: the caller has the lock
--       {'wait'} | {'failed', code, message, ms to wait, or '' if it is not known}

local token, lock, failure = unpack(KEYS)
local owner, lock_ms = unpack(ARGV)

local current, refresh_ms = unpack(redis.call('HMGET', token, 'token', 'refresh_ms'))
if current and redis.call('PTTL', token) > tonumber(refresh_ms) then
  return { 'use', current }
end
local code, message, wait_known = unpack(redis.call('HMGET', failure, 'code', 'message', 'wait_known'))
if code then
  if current then
    return { 'use', current }
  end
  return { 'failed', code, message, wait_known == '1' and tostring(redis.call('PTTL', failure)) or '' }
end
if redis.call('SET', lock, owner, 'NX', 'PX', lock_ms) or redis.call('GET', lock) == owner then
  return { 'fetch', current or '' }
end
if current then
  return { 'use', current }
end
return { 'wait' }
