-- uses: pause_entry
-- Returns nil if the fleet is not paused, or the ms until the last pause ends (-1: an operator ends it), and its
-- reason. Several reasons can hold at the same time.

local function paused(pause, now)
  local entries = redis.call('HGETALL', pause)
  local longest, why = nil, nil
  for i = 1, #entries, 2 do
    local reason, ends = entries[i], paused_until(entries[i + 1])
    if ends == nil then
      return -1, reason
    elseif ends <= now then
      redis.call('HDEL', pause, reason)
    elseif longest == nil or ends - now > longest then
      longest, why = ends - now, reason
    end
  end
  return longest, why
end
