-- uses: capacity clock
-- The call has ended, or belongs to no job any more.
local function unfollow(followed, followed_jobs, conversation)
  redis.call('ZREM', followed, conversation)
  redis.call('HDEL', followed_jobs, conversation)
end

-- Follow a placed call until it ends, and hold its user. `call`: {conversation, batch, first_ms: when to look at it
-- first, quick_ms: the same while a job waits for a user, hold: {user, longest_ms} if users have a limit}.
local function follow(followed, followed_jobs, capacity, id, now, call)
  if call.hold then
    take_hold(capacity, now, id, call.hold.user, now + call.hold.longest_ms)
  end
  local first_ms = redis.call('ZCARD', capacity.waiting) > 0 and call.quick_ms or call.first_ms
  redis.call('ZADD', followed, exact(now + first_ms), call.conversation)
  redis.call('HSET', followed_jobs, call.conversation, cjson.encode({ id, call.batch, now }))
end
