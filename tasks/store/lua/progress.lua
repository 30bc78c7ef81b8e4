-- uses: aside capacity clock count_batch follow history outcome
-- Record what a look-up or an event has told of a placed call, and when to look again. News that are late or repeated
-- change nothing: a call does not go back, and its result stays, unless the first source could not tell why nobody
-- answered. If that was an event, the call is looked at once more.
-- A job that may have another call after this one stays followed until `conclude` has decided about it.
--
-- KEYS  1..22 see outcome.lua  23 followed  24 followed jobs
-- ARGV  1 id  2 conversation  3 retention in ms  4 when the call was placed, in ms  5 shortest and 6 longest time
--       between two looks, in ms; the time is shorter while a job waits for a user  7 age in ms at which a call that is
--       not found is given up  8 '1': every job may have another call  9 'look' or 'event'
--       10 state of the call, or '' if it was not found  11 its result, or ''  12.. fields of the record
-- Reply {the result, if it is new, else '', the vague result that it replaces, or '', and if the caller decides whether
--       there is another call: the fence, attempts, the job (JSON), its earlier calls (JSON) or '', the result}

local keys, capacity = outcome_keys()
local followed, followed_jobs = unpack(KEYS, OUTCOME_KEYS + 1)
local id, conversation, retention, since_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local shortest_ms, longest_ms, give_up_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local may_redial, is_look, call_state, result = ARGV[8] == '1', ARGV[9] == 'look', ARGV[10], ARGV[11]

local ORDER = { contacting = 1, ringing = 2, connected = 3, ended = 4 }
local VAGUE = { unanswered = true, not_known = true }
-- Results of calls whose user's own phone was picked up.
local PICKED_UP = { answered = true, busy = true, no_answer = true, declined = true, unreachable = true,
  unanswered = true }
-- Between two looks while a job waits for a user, and after a look whose result was not concluded, in ms.
local QUICK_MS, QUICK_MOST_MS, UNCONCLUDED_MS = 2000, 30000, 5000

local now = now_ms()
local state, known_conversation, known_state, known_result, batch, content, final, fence, attempts, calls, user =
  unpack(redis.call('HMGET', keys.job, 'state', 'conversation_id', 'call_state', 'result', 'batch', '_job', 'final',
    '_fence', 'attempts', 'calls', '_user'))
if state ~= 'placed' or known_conversation ~= conversation then
  unfollow(followed, followed_jobs, conversation) -- the record has expired, or belongs to another call
  return { '', '' }
end
local age_ms = now - since_ms
if call_state == '' and age_ms > give_up_ms then
  call_state, result = 'ended', 'not_known'
end

local known_order, order = ORDER[known_state] or 0, ORDER[call_state] or 0
local is_new_result = result ~= '' and (not known_result or (VAGUE[known_result] and not VAGUE[result]))
if order > known_order or is_new_result then
  redis.call('HSET', keys.job, 'call_state', call_state, unpack(ARGV, 12))
end
if is_new_result then
  redis.call('HSET', keys.job, 'result', result)
  note(keys.history, now, call_state, result)
  redis.call('PEXPIRE', keys.history, string.format('%d', retention))
  count_batch(keys, batch, now, retention, known_result and 'result:' .. known_result, 'result:' .. result)
  if user then
    if result == 'agent_missed' then
      set_aside(capacity.users_aside, now, user)
    elseif PICKED_UP[result] then
      redis.call('HDEL', capacity.users_aside, user)
    end
  end
end
local has_ended, known = order == 4 or known_order == 4, is_new_result and result or known_result
local told, replaced = is_new_result and result or '', is_new_result and known_result or ''
local asks = content and not final
  and (may_redial or known == 'agent_missed' or string.find(content, '"redial":{', 1, true))
if has_ended then
  release_hold(capacity, now, id)
end
if not has_ended or (VAGUE[known] and not (is_look and order == 4)) then
  if is_new_result and not asks then
    tell(keys, id, 'result')
  end
  if is_look or known_order < 4 then
    local wait_ms = math.min(math.max(age_ms, shortest_ms), longest_ms)
    if has_ended and known_order < 4 then
      wait_ms = UNCONCLUDED_MS -- the reason may be told already
    elseif redis.call('ZCARD', capacity.waiting) > 0 then
      wait_ms = math.min(math.max(age_ms / 4, QUICK_MS), QUICK_MOST_MS)
    end
    redis.call('ZADD', followed, 'XX', exact(now + wait_ms), conversation)
  end
  return { told, replaced }
end

if asks then
  redis.call('ZADD', followed, 'XX', exact(now + UNCONCLUDED_MS), conversation)
  return { told, replaced, fence, attempts, content, calls or '', known }
end
unfollow(followed, followed_jobs, conversation)
if not final then
  redis.call('HSET', keys.job, 'final', '1')
  tell(keys, id, 'result')
  if content then
    slim(keys.job)
    redis.call('PEXPIRE', keys.job, string.format('%d', retention))
  end
elseif is_new_result then
  tell(keys, id, 'result')
end
return { told, replaced }
