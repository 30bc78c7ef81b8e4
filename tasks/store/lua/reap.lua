-- uses: capacity clock due history outcome
-- End an expired lease: the worker of the job died or hangs.
-- preparing -> queued, in its old place; sending -> unconfirmed, because the request may have been sent.
-- A job that several workers died with may be the cause of the deaths. With each further death, it is due later, so
-- that a worker tries it together with other jobs. Jobs that were only in the same worker as the cause then succeed.
--
-- KEYS  1..22 see outcome.lua  23 due set of its priority
-- ARGV  1 id  2 retention in ms  3 ms by which a job is delayed for each death after the first
--       4.. fields of the outcome
-- Reply {'queued' | 'unconfirmed' | 'alive'}

local keys, capacity = outcome_keys()
local due_set = unpack(KEYS, OUTCOME_KEYS + 1)
local id, retention_ms, delay_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local now = now_ms()
local lease = tonumber(redis.call('ZSCORE', keys.leases, id) or 0)
local state, due_ms = unpack(redis.call('HMGET', keys.job, 'state', '_due_ms'))
if lease == 0 or lease > now then
  return { 'alive' }
end
if state == 'preparing' then
  local deaths = redis.call('HINCRBY', keys.job, '_deaths', 1)
  local due = deaths == 1 and tonumber(due_ms) or now + (deaths - 1) * delay_ms
  redis.call('ZREM', keys.leases, id)
  redis.call('HDEL', keys.job, '_slot_ms')
  release_hold(capacity, now, id)
  note(keys.history, now, make_due(keys.job, due_set, capacity.wake, id, due, now), 'lease_expired')
  return { 'queued' }
end
if state == 'sending' then
  end_job(keys, capacity, now, id, { 'state', 'unconfirmed', unpack(ARGV, 4) }, retention_ms)
  return { 'unconfirmed' }
end
redis.call('ZREM', keys.leases, id)
return { 'alive' }
