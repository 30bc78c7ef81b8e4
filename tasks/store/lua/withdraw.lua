-- uses: clock outcome waiting
-- End a job before it is sent: an operator cancels it, or its not_after has passed.
-- queued, scheduled or preparing -> cancelled or expired. A worker that has claimed the job is refused by `send`.
--
-- KEYS  1..22 see outcome.lua  23 due set of its priority
-- ARGV  1 id  2 retention in ms  3 state ('cancelled' | 'expired')  4.. fields of the outcome
-- Reply {'done' | 'late' | 'early' | 'unknown', state}

local keys, capacity = outcome_keys()
local due_set = unpack(KEYS, OUTCOME_KEYS + 1)
local id, retention_ms, outcome = ARGV[1], tonumber(ARGV[2]), ARGV[3]

local state, not_after_ms, member = unpack(redis.call('HMGET', keys.job, 'state', '_not_after_ms', '_waiting'))
local now = now_ms()
if not state then
  redis.call('ZREM', keys.expiring, id)
  return { 'unknown', '' }
end
if state ~= 'queued' and state ~= 'scheduled' and state ~= 'preparing' then
  return { 'late', state }
end
if outcome == 'expired' and (tonumber(not_after_ms) or math.huge) > now then
  return { 'early', state }
end

redis.call('ZREM', due_set, id)
leave_waiting(capacity, id, member)
end_job(keys, capacity, now, id, { 'state', outcome, unpack(ARGV, 4) }, retention_ms)
return { 'done', outcome }
