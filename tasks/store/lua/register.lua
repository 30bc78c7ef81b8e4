-- uses: clock
-- Add a worker to the list of workers before it takes messages: only messages of listed workers are reclaimed.
--
-- KEYS  1 workers
-- ARGV  1 worker
-- Reply none

local workers, worker = KEYS[1], ARGV[1]

redis.call('ZADD', workers, exact(now_ms()), worker)
