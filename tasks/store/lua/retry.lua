-- uses: clock count_batch due history
-- Dial a job again at an operator's request: an outcome -> queued, with a fresh attempt count.
-- A placed job is never dialed again, and an unconfirmed one only if the operator confirms that it was not placed, or
-- accepts the evidence for it that the caller has judged.
--
-- KEYS  1 job  2 due set of its priority  3 wake  4 index of its outcome  5 the same of its batch
--       6 open jobs of its batch  7 result  8 expiring  9 history  10 in doubt  11 counters of its batch
--       12 batches
-- ARGV  1 id  2 the outcome that the caller has read  3 the fence that it has read, or ''
--       4 '1': the call was certainly not placed
--       5 the evidence that the caller has read and found sufficient, or ''
-- Reply {'done' | 'refused' | 'changed' | 'unknown', state}

local job, due_set, wake_key, index, batch_index, batch_open, result, expiring, history, in_doubt, batch_counts,
  batches = unpack(KEYS)
local id, seen_state, seen_fence, not_placed = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
local judged = ARGV[5]
local confirmed = not_placed or judged ~= ''

local state, batch, content, not_after_ms, fence, code, evidence = unpack(redis.call('HMGET', job,
  'state', 'batch', '_job', '_not_after_ms', '_fence', 'code', 'evidence'))
if not state then
  return { 'unknown', '' }
end
-- A request is repeated if its reply was lost; the second one must not apply to the next call.
if state ~= seen_state or (fence or '') ~= seen_fence then
  return { 'changed', state }
end
if judged ~= '' and evidence ~= judged then
  return { 'changed', state } -- a later search may have shown something else
end
local now = now_ms()
local too_late = state == 'expired' and (tonumber(not_after_ms) or math.huge) <= now
local waiting = { queued = true, scheduled = true, preparing = true, sending = true }
if waiting[state] or state == 'placed' or too_late or not content or (state == 'unconfirmed' and not confirmed) then
  return { 'refused', state }
end

redis.call('PERSIST', job)
redis.call('PERSIST', history)
redis.call('ZREM', in_doubt, id)
note(history, now, 'queued', 'retried')
redis.call('HDEL', job, 'code', 'message', 'hint', 'finished_at', 'http_status', 'correlation_id', 'final', '_deaths',
  'evidence')
redis.call('HINCRBY', job, '_fence', 1) -- an earlier claim can no longer change the job
make_due(job, due_set, wake_key, id, now, now, 'attempts', 0, '_since_ms', exact(now))
redis.call('ZREM', index, id)
if batch then
  redis.call('ZREM', batch_index, id)
  redis.call('ZADD', batch_open, exact(now), id)
  count_batch({ batch_counts = batch_counts, batches = batches }, batch, now, nil, state .. ':' .. code)
end
if not_after_ms then
  redis.call('ZADD', expiring, not_after_ms, id)
end
redis.call('DEL', result)
return { 'done', 'queued' }
