-- uses: clock cut
-- Remove the accepted messages from the in-hand list of this worker, then move the oldest messages of the inbox to
-- it. Accepted messages are given completely: a repeated step must not remove messages that the first one moved.
--
-- KEYS  1 in-hand list  2 workers  3.. the lists of the inbox, most urgent first
-- ARGV  1 worker  2 largest number of messages in hand  3 bytes: with this many in hand no more messages are moved,
--       and a longer message is cut  4.. the accepted messages
-- Reply the messages in hand, newest first

local in_hand, workers = KEYS[1], KEYS[2]
local worker, most, most_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

-- A worker with messages in hand must be on the list of workers: otherwise its messages are never reclaimed.
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
    -- A message that was cut counts with its full size: digests of many such messages would block Redis for too long.
    bytes = bytes + cut(in_hand, 0, message, most_bytes)
    room = room - 1
  end
end
return redis.call('LRANGE', in_hand, 0, -1)
