-- uses: clock
-- Put this worker on the list of the living: nothing may come into the hand of somebody whom nobody would take over
-- from.
--
-- KEYS  1 workers
-- ARGV  1 worker

redis.call('ZADD', KEYS[1], exact(now_ms()), ARGV[1])
