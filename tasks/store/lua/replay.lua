-- uses: clock outcome
-- A worker tells once more what came of a call, to a Redis that may have forgotten it.
-- A worker sends only by a fence for which `sending` was noted. So what has this fence and waits, or has a lower one,
-- or is not known at all, is how it was before the call. It may have been called off since, by who did not know.
--
-- KEYS  1..10 see outcome.lua  11 due set of its priority
--       12.. indexes of what was called off: cancelled, expired, and the batch's of both
-- ARGV  1 id  2 fence  3 retention in ms  4 state  5 fingerprint  6.. fields of the outcome, and the batch
-- Reply {'told' | 'known', state}

local record = redis.call('HMGET', KEYS[1], 'state', '_fence')
local state, fence = record[1], tonumber(record[2]) or 0
local before = { queued = true, scheduled = true, preparing = true, sending = true, unconfirmed = true,
  cancelled = true, expired = true }
if fence > tonumber(ARGV[2]) or state == ARGV[4] or (state and not before[state]) then
  return { 'known', state or '' }
end

for k = 11, #KEYS do
  redis.call('ZREM', KEYS[k], ARGV[1])
end
redis.call('HSET', KEYS[1], '_fence', ARGV[2], '_fingerprint', ARGV[5])
local fields = { 'state', ARGV[4] }
for i = 6, #ARGV do
  fields[#fields + 1] = ARGV[i]
end
settle(outcome_keys(), now_ms(), ARGV[1], fields, tonumber(ARGV[3]))
return { 'told', ARGV[4] }
