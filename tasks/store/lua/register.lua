-- uses: clock
-- Put this worker on the list of workers, before it takes messages: only what a listed worker holds is reclaimed.
--
-- KEYS  1 workers
-- ARGV  1 worker
-- Reply none

local workers, worker = KEYS[1], ARGV[1]

redis.call('ZADD', workers, exact(now_ms()), worker)
