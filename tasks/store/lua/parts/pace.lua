-- uses: clock
-- The fleet's pace. GCRA with a burst of one: a slot each interval, so that N + 1 requests span more than the
-- limit's window, wherever a fixed window of the server begins.
--
-- hash pace  tat_ms     when the next slot is free (the theoretical arrival time)
--            seen_ms    when a slot was last handed out
--            granted    how many slots were ever handed out; the last one's number
--            window_ms  when the server's window ends, as its answers told; until then it takes
--            upto       slots up to this number
--            ticket, count  the slot and the count of the reading that told so
--            interval_ms, late_ms  between slots, and by which one may be used late, as last asked for
--            tick<n>, sent<n>  how many requests left in a span of ten seconds; the last seven spans, by turns

-- A clock that was set back would make the fleet wait for the time that it had known before: start anew.
local function next_free(now, tat_ms, seen_ms)
  if now < (tonumber(seen_ms) or 0) - 1000 then
    return now, true
  end
  return math.max(tonumber(tat_ms) or 0, now), false
end

-- ms until the next slot is free.
local function slots_ahead(key, now)
  local pace = redis.call('HMGET', key, 'tat_ms', 'seen_ms')
  return next_free(now, pace[1], pace[2]) - now
end

-- Hand out the next slot, if it is within max_wait of now; returns its time and number.
-- A slot is used up to `late` after its time.
local function reserve(key, now, interval, max_wait, late)
  local pace = redis.call('HMGET', key, 'tat_ms', 'granted', 'window_ms', 'upto', 'seen_ms')
  local slot, set_back = next_free(now, pace[1], pace[5])
  local granted, ends, upto = tonumber(pace[2]) or 0, tonumber(pace[3]) or 0, tonumber(pace[4]) or 0
  local step = interval
  if slot < ends and not set_back then
    -- A stranger may have spent of the same budget: what is left must last until the window's end.
    -- It is told in whole seconds, so it may end a second sooner than we think; that is when we must be done.
    if granted >= upto then
      slot = ends
    elseif slot < ends - 1000 then
      step = math.max(interval, (ends - 1000 - slot) / (upto - granted))
    end
  end
  if slot - now <= max_wait then
    redis.call('HSET', key, 'tat_ms', exact(slot + step), 'granted', granted + 1, 'seen_ms', exact(now),
      'interval_ms', exact(interval), 'late_ms', exact(late))
    if set_back then
      redis.call('HDEL', key, 'window_ms')
    end
  end
  return slot, granted + 1
end

-- Learn from an answer's headers: `count` of `allowed` were used when it was written, `reset_ms` are left.
-- Slots after the reading's own ticket may not have been counted yet, so they are taken off.
local function follow(key, now, ticket, count, allowed, reset_ms)
  local known = redis.call('HMGET', key, 'window_ms', 'ticket', 'count', 'tat_ms', 'granted', 'interval_ms', 'late_ms')
  local ends, last, counted = tonumber(known[1]) or 0, tonumber(known[2]) or 0, tonumber(known[3]) or 0
  if ticket < last then
    return -- a later slot's answer was faster
  end
  -- What is left counts from when the request arrived: taken from now, the fleet would stand still at the end of each
  -- window for as long as answers take. Slots are never closer than the interval, so its own was no later than this.
  local tat, granted, late = tonumber(known[4]) or now, tonumber(known[5]) or ticket, tonumber(known[7]) or 0
  local arrived = math.min(now, tat - (granted - ticket + 1) * (tonumber(known[6]) or 0) + late)
  local told = arrived + reset_ms
  if arrived < ends + late and count >= counted and told < ends + 1500 then
    told = math.min(told, ends) -- the same window: each reading can only bring its end nearer
  end
  redis.call('HSET', key, 'window_ms', exact(told), 'upto', ticket + allowed - count, 'ticket', ticket, 'count', count)
end

-- Count a request that leaves, for whoever asks how much of the limit is used.
local function count_request(key, now)
  local tick = math.floor(now / 10000)
  local n = tick % 7
  if tonumber(redis.call('HGET', key, 'tick' .. n)) == tick then
    redis.call('HINCRBY', key, 'sent' .. n, 1)
  else
    redis.call('HSET', key, 'tick' .. n, string.format('%d', tick), 'sent' .. n, 1)
  end
end
