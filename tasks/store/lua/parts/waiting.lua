-- uses: capacity clock
-- Jobs that wait for a user, without nudges. They wait in one order for each user, and in one for all users of the
-- fleet: highest priority first, then by due time. A member of the order is `<user as JSON>\1<rank>\1<job id>`; the
-- empty user stands for any user of the fleet.

local MOST_GROUPS = 5000 -- users that are looked at in one run

-- Make the job wait for this user, or for any if it is ''.
local function wait_for_user(keys, job, id, user, priority, due)
  local member = string.gsub(cjson.encode(user), '\\/', '/') .. '\1' .. (9 - priority) .. string.format('%017.3f', due) .. '\1' .. id
  redis.call('HSET', job, 'state', 'queued', '_waiting', member)
  redis.call('ZADD', keys.waiting, exact(due), id)
  redis.call('ZADD', keys.waiting_order, 0, member)
end

-- The job waits no longer; `member` is the field `_waiting` of its record, which may be out of date.
local function leave_waiting(keys, id, member)
  if member then
    redis.call('ZREM', keys.waiting, id)
    redis.call('ZREM', keys.waiting_order, member)
  end
end

-- Make the first job of a group due, and hold the user for it until `ends`. Returns whether a user was free for it.
local function release_first(keys, first_due, now, limit, group, candidates, ends)
  local first = redis.call('ZRANGEBYLEX', keys.waiting_order, '[' .. group .. '\1', '(' .. group .. '\2', 'LIMIT', 0, 1)
  local member = first[1]
  if not member then
    return false
  end
  local rank, id = string.match(member, '^[^\1]*\1([^\1]*)\1(.*)$')
  local user = pick_user(keys, now, id, limit, candidates)
  if not user then
    return false
  end
  leave_waiting(keys, id, member)
  if limit > 0 then
    take_hold(keys, now, id, user, ends)
  end
  redis.call('ZADD', KEYS[first_due + tonumber(string.sub(rank, 1, 1))], string.sub(rank, 2), id)
  return true
end

-- Make jobs due whose users are free. `first_due`: the due set of the highest priority is this one of KEYS, and the
-- others follow; `fleet`: the users of the fleet.
local function release_waiting(keys, first_due, now, limit, fleet, hold_ms)
  local from = '-'
  for _ = 1, MOST_GROUPS do
    local member = redis.call('ZRANGEBYLEX', keys.waiting_order, from, '+', 'LIMIT', 0, 1)[1]
    if not member then
      return
    end
    local group = string.match(member, '^[^\1]*')
    local user = cjson.decode('[' .. group .. ']')[1]
    local taken = limit > 0 and user ~= '' and (tonumber(redis.call('HGET', keys.users_calls, user)) or 0) >= limit
    while not taken do
      taken = not release_first(keys, first_due, now, limit, group, user == '' and fleet or { user }, now + hold_ms)
    end
    from = '(' .. group .. '\2'
  end
end
