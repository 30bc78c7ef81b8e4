-- uses: clock known_id outcome
-- Store a message that is not a valid job: no record -> rejected, so that its producer gets a result.
--
-- KEYS  1..22 see outcome.lua
-- ARGV  1 id  2 fingerprint of the raw message  3 retention in ms  4 the producer's id, for Celery's result
--       5.. fields of the outcome
-- Reply {'accepted' | 'replay' | 'conflict', state}

local keys, capacity = outcome_keys()
local id, fingerprint, retention_ms, task_id = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

local known = known_id(keys.job, fingerprint)
if known then
  return known
end

local now = now_ms()
redis.call('HSET', keys.job, 'attempts', 0, 'accepted_at', iso(now), '_fingerprint', fingerprint)
end_job(keys, capacity, now, id, { 'state', 'rejected', unpack(ARGV, 5) }, retention_ms, false, task_id)
return { 'accepted', 'rejected' }
