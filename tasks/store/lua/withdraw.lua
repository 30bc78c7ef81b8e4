-- uses: clock outcome
-- End a job before it is sent: a person cancels it, or its not_after passed.
-- queued, scheduled or preparing -> cancelled or expired. Whoever prepares it learns so from `send`.
--
-- KEYS  1..10 see outcome.lua  11 due set of its priority
-- ARGV  1 id  2 retention in ms  3 state ('cancelled' | 'expired')  4.. fields of the outcome
-- Reply {'done' | 'late' | 'early' | 'unknown', state}

local record = redis.call('HMGET', KEYS[1], 'state', '_not_after_ms')
local state = record[1]
local now = now_ms()
if not state then
  redis.call('ZREM', KEYS[10], ARGV[1])
  return { 'unknown', '' }
end
if state ~= 'queued' and state ~= 'scheduled' and state ~= 'preparing' then
  return { 'late', state }
end
if ARGV[3] == 'expired' and (tonumber(record[2]) or math.huge) > now then
  return { 'early', state }
end

redis.call('ZREM', KEYS[11], ARGV[1])
local fields = { 'state', ARGV[3] }
for i = 4, #ARGV do
  fields[#fields + 1] = ARGV[i]
end
settle(outcome_keys(), now, ARGV[1], fields, tonumber(ARGV[2]))
return { 'done', ARGV[3] }
