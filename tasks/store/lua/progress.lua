-- uses: clock count_batch history
-- Record what a look-up has found of a placed call, and when to look again. News that are late or repeated change
-- nothing: a call does not go back, and its result stays, unless the first source could not tell why nobody answered.
--
-- KEYS  1 job  2 followed  3 followed jobs  4 counts of its batch  5 outcomes  6 history  7 batches
-- ARGV  1 id  2 conversation  3 retention in ms  4 when the call was placed, in ms  5 shortest and 6 longest time
--       between two looks, in ms  7 age in ms at which a call that is not found is given up
--       8 state of the call, or '' if it was not found  9 its result, or ''  10.. fields of the record
-- Reply: the result, if it is new, else ''

local job, followed, followed_jobs, batch_counts, outcomes, history, batches = unpack(KEYS)
local id, conversation, retention, since_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local shortest_ms, longest_ms, give_up_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local call_state, result = ARGV[8], ARGV[9]

local ORDER = { contacting = 1, ringing = 2, connected = 3, ended = 4 }
local VAGUE = { unanswered = true, not_known = true }

local function forget()
  redis.call('ZREM', followed, conversation)
  redis.call('HDEL', followed_jobs, conversation)
end

local now = now_ms()
local state, known_conversation, known_state, known_result, batch, code, finished_at = unpack(redis.call('HMGET', job,
  'state', 'conversation_id', 'call_state', 'result', 'batch', 'code', 'finished_at'))
if state ~= 'placed' or known_conversation ~= conversation then
  forget() -- the record has expired, or belongs to another call
  return ''
end
local age_ms = now - since_ms
if call_state == '' and age_ms > give_up_ms then
  call_state, result = 'ended', 'not_known'
end

local known_order, order = ORDER[known_state] or 0, ORDER[call_state] or 0
local is_new_result = result ~= '' and (not known_result or (VAGUE[known_result] and not VAGUE[result]))
if order > known_order or is_new_result then
  redis.call('HSET', job, 'call_state', call_state, unpack(ARGV, 10))
end
if is_new_result then
  redis.call('HSET', job, 'result', result)
  note(history, now, call_state, result)
  count_batch({ batch_counts = batch_counts, batches = batches }, batch, now, retention,
    known_result and 'result:' .. known_result, 'result:' .. result)
  redis.call('XADD', outcomes, 'MAXLEN', '~', '100000', '*', 'event', 'result', 'id', id, 'state', state,
    'code', code, 'batch', batch or '', 'finished_at', finished_at, 'result', result)
end
if order == 4 or known_order == 4 then
  forget()
else
  local wait_ms = math.min(math.max(age_ms, shortest_ms), longest_ms)
  redis.call('ZADD', followed, 'XX', exact(now + wait_ms), conversation)
end
return is_new_result and result or ''
