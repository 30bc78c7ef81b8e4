-- One look at the fleet's token: use it, fetch a new one as the only one who may, wait for who does, or give up.
-- Safe to replay: the lock's owner is told again that the lock is its own.
--
-- KEYS  1 token  2 lock  3 failure
-- ARGV  1 owner (a random value, one a caller)  2 ms that the lock lives
-- Reply {'use', token} | {'fetch', old token or ''}: the lock is ours
--       {'wait'} | {'failed', code, message, ms to wait, or '' when nobody knows}

local held = redis.call('HMGET', KEYS[1], 'token', 'refresh_ms')
local token = held[1]
if token and redis.call('PTTL', KEYS[1]) > tonumber(held[2]) then
  return { 'use', token }
end
local failure = redis.call('HMGET', KEYS[3], 'code', 'message', 'told')
if failure[1] then
  if token then
    return { 'use', token }
  end
  local wait_ms = failure[3] == '1' and tostring(redis.call('PTTL', KEYS[3])) or ''
  return { 'failed', failure[1], failure[2], wait_ms }
end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) or redis.call('GET', KEYS[2]) == ARGV[1] then
  return { 'fetch', token or '' }
end
if token then
  return { 'use', token }
end
return { 'wait' }
