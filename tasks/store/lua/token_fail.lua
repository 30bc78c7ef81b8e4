-- Remember for a moment that no token was to be had, and release the lock: who waits for it is told the same,
-- and does not repeat the request at once. Nothing happens without the lock, so it is safe to replay.
--
-- KEYS  1 lock  2 failure
-- ARGV  1 owner  2 code  3 message  4 '1' when the API told how long to wait, else '0'  5 ms to remember it

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[2], 'code', ARGV[2], 'message', ARGV[3], 'told', ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
