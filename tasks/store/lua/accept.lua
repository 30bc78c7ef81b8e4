-- uses: clock count_batch due history known_id
-- Accept a job into the ledger: no record -> queued or scheduled. A known id is counted and not accepted again.
--
-- KEYS  1 job  2 due set of its priority  3 wake  4 open jobs of its batch  5 expiring  6 history  7 counters of its batch
--       8 batches
-- ARGV  1 id  2 content (JSON)  3 fingerprint  4 not_before in ms, or ''  5 not_after in ms, or ''
--       6 priority  7 batch, or ''  8 the number as the producer wrote it  9 '1': only look, and change nothing
-- Reply {'accepted' | 'replay' | 'conflict', state}

local job, due_set, wake_key, batch_open, expiring, history, batch_counts, batches = unpack(KEYS)
local id, content, fingerprint, not_before, not_after, priority, batch, to_raw = unpack(ARGV)
local only_look = ARGV[9] == '1'

local known = known_id(job, fingerprint, only_look)
if known then
  return known
end
if only_look then
  return { 'accepted', 'queued' }
end

local now = now_ms()
local due = math.max(tonumber(not_before) or now, now)
local state = make_due(job, due_set, wake_key, id, due, now, 'to_raw', to_raw, 'attempts', 0, 'priority', priority,
  'accepted_at', iso(now), '_job', content, '_fingerprint', fingerprint, '_since_ms', exact(due))
note(history, now, state)
if not_after ~= '' then
  redis.call('HSET', job, '_not_after_ms', not_after)
  redis.call('ZADD', expiring, not_after, id)
end
if batch ~= '' then
  redis.call('HSET', job, 'batch', batch)
  redis.call('ZADD', batch_open, exact(due), id)
  count_batch({ batch_counts = batch_counts, batches = batches }, batch, now)
end
return { 'accepted', state }
