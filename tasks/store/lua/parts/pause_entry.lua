-- uses: clock
-- One entry of the hash `pause`: reason -> {"since_ms":…,"until_ms":… or null,"message":…}.

local function paused_until(entry)
  return tonumber(string.match(entry, '"until_ms":([%d.]+)'))
end

-- Begin or extend the pause for one reason; it is never shortened. `for_ms` nil: the pause has no end.
-- Returns 1 if anything changed.
local function begin_pause(pause, reason, now, for_ms, message)
  local known = redis.call('HGET', pause, reason)
  local since = now
  if known then
    local ends = paused_until(known)
    if ends == nil or (for_ms and ends >= now + for_ms) then
      return 0
    end
    since = ends > now and tonumber(string.match(known, '"since_ms":([%d.]+)')) or now
  end
  redis.call('HSET', pause, reason, '{"since_ms":' .. exact(since) .. ',"until_ms":'
    .. (for_ms and exact(now + for_ms) or 'null') .. ',"message":' .. message .. '}')
  return 1
end
