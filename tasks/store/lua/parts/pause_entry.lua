-- uses: clock
-- One entry of the hash `pause`: reason -> {"since_ms":…,"until_ms":… or null,"message":…}.

local function paused_until(entry)
  return tonumber(string.match(entry, '"until_ms":([%d.]+)'))
end

-- Whether an entry (false if there is none) holds at this time.
local function holds(entry, now)
  return entry and (paused_until(entry) or math.huge) > now
end

-- Write the entry; one that holds keeps its beginning. `for_ms` nil: the pause has no end.
local function write_pause(pause, reason, known, now, for_ms, message)
  local since = holds(known, now) and tonumber(string.match(known, '"since_ms":([%d.]+)')) or now
  redis.call('HSET', pause, reason, '{"since_ms":' .. exact(since) .. ',"until_ms":'
    .. (for_ms and exact(now + for_ms) or 'null') .. ',"message":' .. message .. '}')
end

-- Begin or extend the pause for one reason; it is never shortened.
local function begin_pause(pause, reason, now, for_ms, message)
  local known = redis.call('HGET', pause, reason)
  if known then
    local ends = paused_until(known)
    if ends == nil or (for_ms and ends >= now + for_ms) then
      return
    end
  end
  write_pause(pause, reason, known, now, for_ms, message)
end
