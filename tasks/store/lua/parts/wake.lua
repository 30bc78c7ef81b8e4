-- Wake one scheduler. One token is enough: the scheduler that takes it looks at all due jobs.

local function wake(key)
  if redis.call('LLEN', key) == 0 then
    redis.call('LPUSH', key, '1')
  end
end
