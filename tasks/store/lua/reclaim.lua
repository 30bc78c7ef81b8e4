-- uses: clock cut
-- Give the messages that a dead worker had taken back to the inbox, and take the worker off the list.
--
-- KEYS  1 workers  2 concurrency  3 what the worker had in hand  4 the inbox
-- ARGV  1 worker  2 ms after which a silent worker counts as dead, or 0: the worker itself shuts down
--       3 bytes: a longer message is cut
-- Reply how many messages went back to the inbox

local workers, concurrency, in_hand, inbox = unpack(KEYS)
local worker, silent_ms, most_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local now = now_ms()
local seen = tonumber(redis.call('ZSCORE', workers, worker) or 0)
if silent_ms ~= 0 and seen > now - silent_ms then
  return 0
end
local count = 0
-- The newest first, to the end that is taken from, so that the oldest is taken first again.
local message = redis.call('LMOVE', in_hand, inbox, 'LEFT', 'RIGHT')
while message do
  -- Its size may be what the worker died of.
  cut(inbox, -1, message, most_bytes)
  count = count + 1
  message = redis.call('LMOVE', in_hand, inbox, 'LEFT', 'RIGHT')
end
redis.call('ZREM', workers, worker)
redis.call('HDEL', concurrency, worker)
return count
