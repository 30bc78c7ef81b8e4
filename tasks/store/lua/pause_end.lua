-- uses: wake
-- End pauses, and whatever stopped the fleet with them; wake a scheduler.
--
-- KEYS  1 pause  2 wake  3 health
-- ARGV  1.. reasons
-- Reply how many of them held

local ended = redis.call('HDEL', KEYS[1], unpack(ARGV))
local open = redis.call('HGET', KEYS[3], 'open')
for _, reason in ipairs(ARGV) do
  if reason == open then
    redis.call('DEL', KEYS[3])
  end
end
wake(KEYS[2])
return ended
