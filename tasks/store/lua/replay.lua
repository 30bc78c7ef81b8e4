-- uses: clock follow outcome waiting
-- Record the outcome of a call again if Redis has lost it.
-- A worker sends only after `sending` was stored with its fence. So the record is older than the call if it has this
-- fence and no outcome, or a lower fence, or if it does not exist. The job may also have been cancelled or have
-- expired since then, because the call was missing.
--
-- KEYS  1..22 see outcome.lua  23 followed  24 followed jobs  25.. sets that may contain the job from before the
--       call: due set of its priority, indexes of cancelled and of expired jobs, and the same two indexes of its batch
-- ARGV  1 id  2 fence  3 retention in ms  4 state  5 fingerprint  6 how the call is followed (see settle.lua), as JSON,
--       or ''  7 ms since the request, at most  8.. fields of the outcome, and the batch
-- Reply {'replayed' | 'known', state}

local keys, capacity = outcome_keys()
local followed, followed_jobs = unpack(KEYS, OUTCOME_KEYS + 1)
local id, fence, retention_ms, outcome, fingerprint = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]

local state, latest_fence, member = unpack(redis.call('HMGET', keys.job, 'state', '_fence', '_waiting'))
local before = { queued = true, scheduled = true, preparing = true, sending = true, unconfirmed = true,
  cancelled = true, expired = true }
if (tonumber(latest_fence) or 0) > tonumber(fence) or state == outcome or (state and not before[state]) then
  return { 'known', state or '' }
end

for k = OUTCOME_KEYS + 3, #KEYS do
  redis.call('ZREM', KEYS[k], id)
end
leave_waiting(capacity, id, member)
local now = now_ms()
if state ~= 'sending' or latest_fence ~= fence then
  -- The record does not have the time of this request, by which the call is searched for.
  redis.call('HSET', keys.job, 'sent_at', iso(now - tonumber(ARGV[7])))
end
redis.call('HSET', keys.job, '_fence', fence, '_fingerprint', fingerprint)
end_job(keys, capacity, now, id, { 'state', outcome, unpack(ARGV, 8) }, retention_ms, ARGV[6] ~= '')
if ARGV[6] ~= '' then
  follow(followed, followed_jobs, capacity, id, now, cjson.decode(ARGV[6]))
end
return { 'replayed', outcome }
