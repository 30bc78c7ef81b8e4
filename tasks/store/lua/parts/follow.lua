-- uses: clock
-- Follow a placed call until it ends. `call`: {conversation, batch, first_ms: when to look at it first}.

local function follow(followed, followed_jobs, id, now, call)
  redis.call('ZADD', followed, exact(now + call.first_ms), call.conversation)
  redis.call('HSET', followed_jobs, call.conversation, cjson.encode({ id, call.batch, now }))
end
