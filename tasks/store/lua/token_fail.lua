-- Store for a short time that the token request failed, and release the lock. Workers that wait for the token get the
-- same error, and do not repeat the request at once. Without the lock, nothing changes, so it can be repeated safely.
--
-- KEYS  1 lock  2 failure
-- ARGV  1 owner  2 code  3 message  4 '1' if the API said how long to wait, else '0'  5 ms for which to store it
-- Reply none

local lock, failure = unpack(KEYS)
local owner, code, message, wait_known, store_ms = unpack(ARGV)

if redis.call('GET', lock) ~= owner then
  return
end
redis.call('DEL', lock)
redis.call('HSET', failure, 'code', code, 'message', message, 'wait_known', wait_known)
redis.call('PEXPIRE', failure, store_ms)
