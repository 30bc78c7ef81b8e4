-- uses: wake
-- End the pause for one reason, and wake a scheduler.
--
-- KEYS  1 pause  2 wake
-- ARGV  1 reason
-- Reply 1 if there was one

local ended = redis.call('HDEL', KEYS[1], ARGV[1])
if ended == 1 then
  wake(KEYS[2])
end
return ended
