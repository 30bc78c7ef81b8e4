-- uses: clock outcome
-- Record the outcome of a call again, in a Redis that may have lost it.
-- A worker sends only with a fence for which `sending` was stored. So if the record has this fence and no outcome, or
-- a lower fence, or does not exist, it is from before the call. The job may also have been cancelled or have expired
-- since, because its call was missing.
--
-- KEYS  1..10 see outcome.lua  11.. where a job from before the call may be: due set of its priority, indexes of
--       cancelled and of expired jobs, and the batch's of both
-- ARGV  1 id  2 fence  3 retention in ms  4 state  5 fingerprint  6.. fields of the outcome, and the batch
-- Reply {'told' | 'known', state}

local keys = outcome_keys()
local id, fence, retention_ms, outcome, fingerprint = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]

local state, latest_fence = unpack(redis.call('HMGET', keys.job, 'state', '_fence'))
local before = { queued = true, scheduled = true, preparing = true, sending = true, unconfirmed = true,
  cancelled = true, expired = true }
if (tonumber(latest_fence) or 0) > tonumber(fence) or state == outcome or (state and not before[state]) then
  return { 'known', state or '' }
end

for k = 11, #KEYS do
  redis.call('ZREM', KEYS[k], id)
end
redis.call('HSET', keys.job, '_fence', fence, '_fingerprint', fingerprint)
end_job(keys, now_ms(), id, { 'state', outcome, unpack(ARGV, 6) }, retention_ms)
return { 'told', outcome }
