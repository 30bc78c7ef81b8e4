-- uses: clock count_batch due follow history outcome
-- Decide what follows the result of a placed call: nothing more, or another call of the same job.
-- placed -> placed, final; or placed -> queued or scheduled, with a new fence. It can be repeated safely: only the call
-- that the caller has read is concluded, and once.
--
-- KEYS  1..22 see outcome.lua  23 due set of its priority  24 followed  25 followed jobs
-- ARGV  1 id  2 conversation  3 the fence that the caller has read  4 retention in ms
--       5 ms until the next call, or '': there is none  6 code and 7 message of the wait for it
--       8 '1': the next call has a fresh attempt count
-- Reply 'done' | 'changed'

local keys, capacity = outcome_keys()
local due_set, followed, followed_jobs = unpack(KEYS, OUTCOME_KEYS + 1)
local id, conversation, fence, retention, delay_ms = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local code, message, is_fresh = ARGV[6], ARGV[7], ARGV[8] == '1'
local MOST_CALLS = 20 -- earlier calls that the record keeps

local now = now_ms()
local record = redis.call('HMGET', keys.job, 'state', 'conversation_id', '_fence', 'final', 'result', 'batch', 'calls',
  '_not_after_ms', 'sent_at', 'user_id')
local state, known_conversation, known_fence, final, result, batch, calls, not_after_ms = unpack(record)
if state ~= 'placed' or known_conversation ~= conversation or known_fence ~= fence or final or not result then
  return 'changed'
end
unfollow(followed, followed_jobs, conversation)
if not delay_ms then
  redis.call('HSET', keys.job, 'final', '1')
  tell(keys, id, 'result')
  slim(keys.job)
  redis.call('PEXPIRE', keys.job, string.format('%d', retention))
  return 'done'
end

tell(keys, id, 'result')
local earlier = calls and cjson.decode(calls) or {}
earlier[#earlier + 1] = { fence = tonumber(fence), conversation_id = conversation, result = result,
  sent_at = record[9] or nil, user_id = record[10] or nil }
if #earlier > MOST_CALLS then
  table.remove(earlier, 1)
end
redis.call('PERSIST', keys.job)
redis.call('PERSIST', keys.history)
redis.call('HDEL', keys.job, 'hint', 'finished_at', 'http_status', 'correlation_id', 'conversation_id', 'call_state',
  'result', 'result_detail', 'answered_at', 'ended_at', 'ring_s', 'talk_s', 'user_id', '_deaths')
redis.call('HINCRBY', keys.job, '_fence', 1) -- what a worker remembers of this call can no longer change the job
redis.call('HSET', keys.job, 'calls', cjson.encode(earlier), 'code', code, 'message', message)
if is_fresh then
  redis.call('HSET', keys.job, 'attempts', 0)
end
local due = now + delay_ms
state = make_due(keys.job, due_set, capacity.wake, id, due, now, '_since_ms', exact(due))
note(keys.history, now, state, code)
redis.call('ZREM', keys.index, id)
if batch then
  redis.call('ZREM', keys.batch_index, id)
  redis.call('ZADD', keys.batch_open, exact(due), id)
end
count_batch(keys, batch, now, nil, 'placed:placed')
count_batch(keys, batch, now, nil, 'result:' .. result)
if not_after_ms then
  redis.call('ZADD', keys.expiring, not_after_ms, id)
end
redis.call('DEL', keys.result)
return 'done'
