-- uses: clock cut
-- Take over what a dead worker held of the inbox, and forget the worker.
--
-- KEYS  1 workers  2 concurrency  3 its hand  4 the inbox
-- ARGV  1 worker  2 ms after which a silent worker counts as dead, or 0: it says so itself
--       3 bytes: a longer message is cut
-- Reply how many messages went back to the inbox

local now = now_ms()
local seen = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
if ARGV[2] ~= '0' and seen > now - tonumber(ARGV[2]) then
  return 0
end
local count = 0
-- The newest first to the taking end, so that the oldest is taken first again.
local message = redis.call('LMOVE', KEYS[3], KEYS[4], 'LEFT', 'RIGHT')
while message do
  -- It may be what its holder died of.
  cut(KEYS[4], -1, message, tonumber(ARGV[3]))
  count = count + 1
  message = redis.call('LMOVE', KEYS[3], KEYS[4], 'LEFT', 'RIGHT')
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return count
