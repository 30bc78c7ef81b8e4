-- uses: breaker capacity clock due follow history outcome pace pause_entry waiting
-- End an attempt: preparing, sending or unconfirmed -> an outcome; preparing, or sending and certainly not placed ->
-- queued or scheduled. Only the worker with the current fence can do this. The answer also updates the pace, the
-- pause and the breaker. A late answer may replace unconfirmed with the actual outcome; no other outcome is ever
-- replaced. It can be repeated safely: the answer is counted once.
--
-- KEYS  1..22 see outcome.lua  23 due set of its priority  24 pace  25 breaker  26 pause  27 followed
--       28 followed jobs
-- ARGV  1 id  2 fence  3 retention in ms  4 JSON:
--       action      {state, fields: names and values in turn}, or {counts, delay_ms?, code?, message?, wait_for?}: a
--                   release; wait_for: {user, candidates, limit}: behind the calls of that user, or of any if it is ''
--       if_stopped  the release that replaces it if the breaker is open for the answer, or absent
--       report      {kind, message (JSON), answered, in_a_row, first_ms, longest_ms}, or absent
--       pause       {for_ms, message (JSON)}: the pause after a 429, or absent
--       reading     {ticket, count, allowed, reset_ms}: the rate limit headers of the answer, or absent
--       follow      {conversation, batch, first_ms}: the placed call is followed until it ends, or absent
-- Reply {'done' | 'replay' | 'lost', 1 if the breaker is open for the answer}

local keys, capacity = outcome_keys()
local due_set, pace, breaker, pause, followed, followed_jobs = unpack(KEYS, OUTCOME_KEYS + 1)
local id, fence, retention = ARGV[1], ARGV[2], tonumber(ARGV[3])
local settlement = cjson.decode(ARGV[4])
local action, reading, now = settlement.action, settlement.reading, now_ms()

if reading then
  apply_reading(pace, now, reading.ticket, reading.count, reading.allowed, reading.reset_ms)
end
if settlement.pause then
  begin_pause(pause, 'rate_limit', now, settlement.pause.for_ms, settlement.pause.message)
end

local record = redis.call('HMGET', keys.job, 'state', '_fence', '_due_ms', 'priority')
local state, mine = record[1], record[2] == fence
if mine and state == action.state then
  return { 'replay', 0 }
end
if mine and (state == 'queued' or state == 'scheduled') then
  return { 'lost', 0 } -- already requeued, by this same step or by the reaper
end

local stopped = 0
if settlement.report and count_bad_answer(breaker, pause, now, settlement.report) then
  stopped = 1
  action = settlement.if_stopped or action
  note_probed(breaker, id)
end

local held = state == 'preparing' or state == 'sending'
if not mine or not (held or (action.state and state == 'unconfirmed')) then
  return { 'lost', stopped }
end
if action.state then
  end_job(keys, capacity, now, id, { 'state', action.state, unpack(action.fields) }, retention, settlement.follow)
  if action.state == 'placed' then
    close_breaker(breaker, pause, capacity.wake, now)
    if settlement.follow then
      follow(followed, followed_jobs, capacity, id, now, settlement.follow)
    end
  elseif settlement.report and settlement.report.kind == 'refusal' then
    note_rejected(breaker, id)
  end
  return { 'done', stopped }
end

local due = action.delay_ms and now + action.delay_ms or tonumber(record[3])
redis.call('ZREM', keys.leases, id)
redis.call('HDEL', keys.job, '_slot_ms')
if state == 'sending' and not action.counts then
  redis.call('HINCRBY', keys.job, 'attempts', -1)
end
if action.code then
  redis.call('HSET', keys.job, 'code', action.code, 'message', action.message)
end
release_hold(capacity, now, id)
local wait_for = action.wait_for
if wait_for and not pick_user(capacity, now, id, wait_for.limit, wait_for.candidates) then
  wait_for_user(capacity, keys.job, id, wait_for.user, tonumber(record[4]), due)
else
  state = make_due(keys.job, due_set, capacity.wake, id, due, now)
end
note(keys.history, now, state, action.code)
return { 'done', stopped }
