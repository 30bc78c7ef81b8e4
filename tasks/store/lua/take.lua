-- uses: clock cut
-- Forget the messages that were accepted, then move the oldest ones of the inbox to this worker's hand, in one step.
-- Accepted messages are named in full: a repeated step must not forget what the first one took.
--
-- KEYS  1 in hand  2 workers  3.. the inbox's lists, most urgent first
-- ARGV  1 worker  2 how many messages at most  3 bytes: with as many in hand no more are taken, and a longer message
--       is cut  4.. the messages that were accepted
-- Reply the messages in hand, newest first

local in_hand, workers = KEYS[1], KEYS[2]
local worker, most, most_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

-- A worker that holds messages must be on the list of workers, or its messages would never be reclaimed.
redis.call('ZADD', workers, exact(now_ms()), worker)
for i = 4, #ARGV do
  redis.call('LREM', in_hand, -1, ARGV[i])
end
local bytes = 0
local held = redis.call('LRANGE', in_hand, 0, -1)
for i, message in ipairs(held) do
  bytes = bytes + cut(in_hand, i - 1, message, most_bytes)
end
local room = most - #held
for k = 3, #KEYS do
  while room > 0 and bytes < most_bytes do
    local message = redis.call('LMOVE', KEYS[k], in_hand, 'RIGHT', 'LEFT')
    if not message then
      break
    end
    -- One that was cut counts in full: the digests of many such messages in one step would block Redis for too long.
    bytes = bytes + cut(in_hand, 0, message, most_bytes)
    room = room - 1
  end
end
return redis.call('LRANGE', in_hand, 0, -1)
