-- uses: clock
-- The pace of the fleet: GCRA with a burst of one. Each interval has one slot, so that N + 1 requests take longer
-- than the window of the rate limit, wherever a fixed window of the server begins. `store/keys.py` has the fields of
-- the hash.

-- Returns the time of the next free slot, and whether the clock was set back. In that case, slots start from now:
-- otherwise the fleet would wait until the old time is reached again.
local function next_free(now, tat_ms, seen_ms)
  if now < (tonumber(seen_ms) or 0) - 1000 then
    return now, true
  end
  return math.max(tonumber(tat_ms) or 0, now), false
end

-- Returns the ms until the next slot is free.
local function slots_ahead(pace, now)
  return next_free(now, unpack(redis.call('HMGET', pace, 'tat_ms', 'seen_ms'))) - now
end

-- Reserve the next slot if it is within max_wait from now. Returns its time and its number.
-- A slot may be used until `late` ms after its time.
local function reserve(pace, now, interval, max_wait, late)
  local known = redis.call('HMGET', pace, 'tat_ms', 'granted', 'window_ms', 'upto', 'seen_ms')
  local slot, set_back = next_free(now, known[1], known[5])
  local granted, ends, upto = tonumber(known[2]) or 0, tonumber(known[3]) or 0, tonumber(known[4]) or 0
  local step = interval
  if slot < ends and not set_back then
    -- Other clients may have used the same limit, so the remaining requests are spread until the end of the window.
    -- The server reports the end in whole seconds, so the window may end a second earlier than computed here.
    if granted >= upto then
      slot = ends
    elseif slot < ends - 1000 then
      step = math.max(interval, (ends - 1000 - slot) / (upto - granted))
    end
  end
  if slot - now <= max_wait then
    redis.call('HSET', pace, 'tat_ms', exact(slot + step), 'granted', granted + 1, 'seen_ms', exact(now),
      'interval_ms', exact(interval), 'late_ms', exact(late))
    if set_back then
      redis.call('HDEL', pace, 'window_ms')
    end
  end
  return slot, granted + 1
end

-- Use the rate limit headers of an answer: `count` of `allowed` requests were used, and the window ends in
-- `reset_ms`. The server may not have counted the requests of later slots than this one, so they are subtracted.
local function apply_reading(pace, now, ticket, count, allowed, reset_ms)
  local known = redis.call('HMGET', pace, 'window_ms', 'ticket', 'count', 'tat_ms', 'granted', 'interval_ms',
    'late_ms')
  local ends, last, counted = tonumber(known[1]) or 0, tonumber(known[2]) or 0, tonumber(known[3]) or 0
  if ticket < last then
    return -- the answer to a later request arrived first
  end
  -- `reset_ms` counts from the arrival of the request. If it were counted from now, the fleet would wait for the
  -- duration of an answer at the end of each window. Slots are at least an interval apart, which gives the latest
  -- arrival time.
  local tat, granted, late = tonumber(known[4]) or now, tonumber(known[5]) or ticket, tonumber(known[7]) or 0
  local arrived = math.min(now, tat - (granted - ticket + 1) * (tonumber(known[6]) or 0) + late)
  local window_ends = arrived + reset_ms
  if arrived < ends + late and count >= counted and window_ends < ends + 1500 then
    window_ends = math.min(window_ends, ends) -- the same window: its end can only move earlier
  end
  redis.call('HSET', pace, 'window_ms', exact(window_ends), 'upto', ticket + allowed - count, 'ticket', ticket,
    'count', count)
end

-- Count a request that is sent, for the share of the limit in the status of the fleet.
local function count_request(pace, now)
  local tick = math.floor(now / 10000)
  local n = tick % 7
  if tonumber(redis.call('HGET', pace, 'tick' .. n)) == tick then
    redis.call('HINCRBY', pace, 'sent' .. n, 1)
  else
    redis.call('HSET', pace, 'tick' .. n, string.format('%d', tick), 'sent' .. n, 1)
  end
end
