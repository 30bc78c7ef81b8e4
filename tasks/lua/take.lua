-- uses: clock
-- Forget what was accepted, then move the oldest messages from the inbox to this worker's hand, in one step.
-- What is forgotten is named in full: a repeated step must not forget what the first one took.
--
-- KEYS  1 in hand  2 workers  3.. the inbox's lists, most urgent first
-- ARGV  1 worker  2 how many at most  3.. the messages that were accepted
-- Reply the messages in hand, newest first

-- Whoever holds messages must be on the list of workers, or nobody would take them over.
redis.call('ZADD', KEYS[2], exact(now_ms()), ARGV[1])
for i = 3, #ARGV do
  redis.call('LREM', KEYS[1], -1, ARGV[i])
end
local room = tonumber(ARGV[2]) - redis.call('LLEN', KEYS[1])
for k = 3, #KEYS do
  while room > 0 and redis.call('LMOVE', KEYS[k], KEYS[1], 'RIGHT', 'LEFT') do
    room = room - 1
  end
end
return redis.call('LRANGE', KEYS[1], 0, -1)
