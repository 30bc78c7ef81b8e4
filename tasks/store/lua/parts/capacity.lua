-- uses: aside clock wake
-- How many calls each user has in progress, and which user is free. A hold is one job's claim to a user: it is taken
-- with the slot of the pace, kept as long as the call may go on, and ends when the call has ended or after its time.
-- `store/keys.py` has the keys.

local MOST_USERS = 10000 -- the users that called least recently are forgotten beyond this

-- Return the KEYS from this one on, by name.
local function capacity_keys(first)
  return { holds = KEYS[first], holders = KEYS[first + 1], users = KEYS[first + 2], users_calls = KEYS[first + 3],
    users_aside = KEYS[first + 4], waiting = KEYS[first + 5], waiting_order = KEYS[first + 6], wake = KEYS[first + 7] }
end

-- Note when a call of this user began or ended.
local function touch_user(keys, now, user)
  redis.call('ZADD', keys.users, exact(now), user)
  redis.call('ZREMRANGEBYRANK', keys.users, 0, -MOST_USERS - 1)
end

-- End the hold of this job, if it has one.
local function release_hold(keys, now, id)
  local user = redis.call('HGET', keys.holders, id)
  if not user then
    return
  end
  redis.call('HDEL', keys.holders, id)
  redis.call('ZREM', keys.holds, id)
  if redis.call('HINCRBY', keys.users_calls, user, -1) <= 0 then
    redis.call('HDEL', keys.users_calls, user)
  end
  touch_user(keys, now, user)
  if redis.call('ZCARD', keys.waiting) > 0 then
    wake(keys.wake)
  end
end

-- Hold the user for this job until `ends`; a job has one hold.
local function take_hold(keys, now, id, user, ends)
  if redis.call('HGET', keys.holders, id) ~= user then
    release_hold(keys, now, id)
    redis.call('HSET', keys.holders, id, user)
    redis.call('HINCRBY', keys.users_calls, user, 1)
    touch_user(keys, now, user)
  end
  redis.call('ZADD', keys.holds, exact(ends), id)
end

-- Return the user who has been free the longest, or the one that the job holds; nil if all are taken or set aside.
-- `limit`: calls at once for each user, 0: no limit.
local function pick_user(keys, now, id, limit, candidates)
  if #candidates == 0 then
    return nil
  end
  local held = redis.call('HGET', keys.holders, id)
  local calls = redis.call('HMGET', keys.users_calls, unpack(candidates))
  local aside = redis.call('HMGET', keys.users_aside, unpack(candidates))
  local since = redis.call('ZMSCORE', keys.users, unpack(candidates))
  local picked, longest = nil, math.huge
  for i, user in ipairs(candidates) do
    if user == held then
      return user
    end
    local free = limit == 0 or (tonumber(calls[i] or 0) or 0) < limit
    local at = tonumber(since[i] or 0) or 0
    if free and at < longest and not is_aside(aside[i], now) then
      picked, longest = user, at
    end
  end
  return picked
end
