-- uses: pause_entry
-- Why the fleet must not send now, if it must not. Several reasons can hold at once; the longest counts.
-- Returns nil, or the milliseconds until the last one ends (-1: when somebody ends it), and its reason.

local function paused(key, now)
  local entries = redis.call('HGETALL', key)
  local longest, why = nil, nil
  for i = 1, #entries, 2 do
    local ends = paused_until(entries[i + 1])
    if ends == nil then
      return -1, entries[i]
    elseif ends <= now then
      redis.call('HDEL', key, entries[i])
    elseif longest == nil or ends - now > longest then
      longest, why = ends - now, entries[i]
    end
  end
  return longest, why
end
