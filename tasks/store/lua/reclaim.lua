-- uses: clock cut
-- Move the messages of a dead worker back to the inbox, and remove the worker from the list of workers.
--
-- KEYS  1 workers  2 concurrency  3 in-hand list of the worker  4 the inbox
-- ARGV  1 worker  2 ms without a heartbeat after which a worker is dead, or 0: the worker itself shuts down
--       3 bytes: a longer message is cut
-- Reply the number of messages that were moved

local workers, concurrency, in_hand, inbox = unpack(KEYS)
local worker, silent_ms, most_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local now = now_ms()
local seen = tonumber(redis.call('ZSCORE', workers, worker) or 0)
if silent_ms ~= 0 and seen > now - silent_ms then
  return 0
end
local count = 0
-- The newest message is moved first, to the end of the list that is read first, so that the oldest is read first
-- again.
local message = redis.call('LMOVE', in_hand, inbox, 'LEFT', 'RIGHT')
while message do
  -- The worker may have died because of the size of the message.
  cut(inbox, -1, message, most_bytes)
  count = count + 1
  message = redis.call('LMOVE', in_hand, inbox, 'LEFT', 'RIGHT')
end
redis.call('ZREM', workers, worker)
redis.call('HDEL', concurrency, worker)
return count
