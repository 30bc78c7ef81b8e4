-- Store for a moment that no token could be had, and release the lock: workers that wait for the token get the same
-- answer, and do not repeat the request at once. Does nothing without the lock, so it is safe to replay.
--
-- KEYS  1 lock  2 failure
-- ARGV  1 owner  2 code  3 message  4 '1' when the API told how long to wait, else '0'  5 ms for which to store it
-- Reply none

local lock, failure = unpack(KEYS)
local owner, code, message, told, store_ms = unpack(ARGV)

if redis.call('GET', lock) ~= owner then
  return
end
redis.call('DEL', lock)
redis.call('HSET', failure, 'code', code, 'message', message, 'told', told)
redis.call('PEXPIRE', failure, store_ms)
