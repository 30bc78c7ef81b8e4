-- uses: breaker wake
-- End pauses, reset the circuit breaker if it is open for one of their reasons, and wake a scheduler.
-- Users who are set aside get calls again if it is their pause.
--
-- KEYS  1 pause  2 wake  3 breaker  4 users aside
-- ARGV  1.. reasons
-- Reply the number of these reasons that held

local pause, wake_key, breaker, users_aside = unpack(KEYS)

local ended = redis.call('HDEL', pause, unpack(ARGV))
local open = redis.call('HGET', breaker, 'open')
for _, reason in ipairs(ARGV) do
  if reason == open then
    forget_streaks(breaker)
  end
  if reason == 'nobody_there' then
    redis.call('DEL', users_aside)
  end
end
wake(wake_key)
return ended
