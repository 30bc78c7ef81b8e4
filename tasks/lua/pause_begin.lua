-- uses: clock
-- Pause the fleet for one reason; an end that is already later stands.
--
-- KEYS  1 pause
-- ARGV  1 reason  2 message (JSON)  3 how long in ms, or '': until somebody ends it
-- Reply 1 if anything changed

local now = now_ms()
local known = redis.call('HGET', KEYS[1], ARGV[1])
local since = now
if known then
  local ends = tonumber(string.match(known, '"until_ms":([%d.]+)'))
  if ends == nil or (ARGV[3] ~= '' and ends >= now + tonumber(ARGV[3])) then
    return 0
  end
  since = ends > now and tonumber(string.match(known, '"since_ms":([%d.]+)')) or now
end
local ends = ARGV[3] ~= '' and exact(now + tonumber(ARGV[3])) or 'null'
redis.call('HSET', KEYS[1], ARGV[1],
  '{"since_ms":' .. exact(since) .. ',"until_ms":' .. ends .. ',"message":' .. ARGV[2] .. '}')
return 1
