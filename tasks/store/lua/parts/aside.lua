-- uses: clock
-- Users who did not pick up their own phones get no calls for a while. An entry is "<misses>:<until in ms, or -1>":
-- how many calls in a row the user missed, and until when the user is set aside; -1: until the user is seen
-- available, or an operator says so.

local ASIDE_MS = { 60000, 300000 } -- after the first and the second missed call

local function aside_until(entry)
  return tonumber(string.match(entry, ':(.+)$'))
end

-- Whether an entry (false if there is none) holds at this time.
local function is_aside(entry, now)
  return entry and (aside_until(entry) < 0 or aside_until(entry) > now)
end

local function set_aside(users_aside, now, user)
  local known = redis.call('HGET', users_aside, user)
  local misses = (tonumber(string.match(known or '', '^(%d+):')) or 0) + 1
  local for_ms = ASIDE_MS[misses]
  redis.call('HSET', users_aside, user, misses .. ':' .. (for_ms and exact(now + for_ms) or '-1'))
end

-- Return until when each of these users is set aside, -1 for no end, or nil if one is not.
local function nobody_until(users_aside, now, users)
  if redis.call('HLEN', users_aside) < #users then
    return nil
  end
  local soonest = -1
  for _, entry in ipairs(redis.call('HMGET', users_aside, unpack(users))) do
    if not is_aside(entry, now) then
      return nil
    end
    local ends = aside_until(entry)
    if ends > 0 and (soonest < 0 or ends < soonest) then
      soonest = ends
    end
  end
  return soonest
end
