-- uses: clock outcome
-- A message that is no job: none -> rejected, so that it is stored and its producer is told.
--
-- KEYS  1..10 see outcome.lua
-- ARGV  1 id  2 fingerprint of the raw message  3 retention in ms  4.. fields of the outcome
-- Reply {'accepted' | 'replay' | 'conflict', state}

local known = redis.pcall('HMGET', KEYS[1], 'state', '_fingerprint')
if known.err then
  return { 'conflict', 'rejected' } -- somebody keeps something else under this key; it must not hold up the others
end
if known[1] then
  local verdict = known[2] == ARGV[2] and 'replay' or 'conflict'
  redis.call('HINCRBY', KEYS[1], verdict == 'replay' and 'replays' or 'conflicts', 1)
  return { verdict, known[1] }
end

local now = now_ms()
redis.call('HSET', KEYS[1], 'attempts', 0, 'accepted_at', iso(now), '_fingerprint', ARGV[2])
local fields = {}
for i = 4, #ARGV do
  fields[#fields + 1] = ARGV[i]
end
settle(outcome_keys(), now, ARGV[1], fields, tonumber(ARGV[3]))
return { 'accepted', 'rejected' }
