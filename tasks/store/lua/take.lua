-- uses: clock cut
-- Forget what was accepted, then move the oldest messages from the inbox to this worker's hand, in one step.
-- What is forgotten is named in full: a repeated step must not forget what the first one took.
--
-- KEYS  1 in hand  2 workers  3.. the inbox's lists, most urgent first
-- ARGV  1 worker  2 how many at most  3 bytes: with as many in hand no more are taken, and a longer message is cut
--       4.. the messages that were accepted
-- Reply the messages in hand, newest first

-- Whoever holds messages must be on the list of workers, or nobody would take them over.
redis.call('ZADD', KEYS[2], exact(now_ms()), ARGV[1])
for i = 4, #ARGV do
  redis.call('LREM', KEYS[1], -1, ARGV[i])
end
local most, bytes = tonumber(ARGV[3]), 0
local held = redis.call('LRANGE', KEYS[1], 0, -1)
for i, message in ipairs(held) do
  bytes = bytes + cut(KEYS[1], i - 1, message, most)
end
local room = tonumber(ARGV[2]) - #held
for k = 3, #KEYS do
  while room > 0 and bytes < most do
    local message = redis.call('LMOVE', KEYS[k], KEYS[1], 'RIGHT', 'LEFT')
    if not message then
      break
    end
    -- One that was cut counts in full: to digest many of them in one step would keep all of Redis waiting.
    bytes = bytes + cut(KEYS[1], 0, message, most)
    room = room - 1
  end
end
return redis.call('LRANGE', KEYS[1], 0, -1)
