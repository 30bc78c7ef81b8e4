-- uses: breaker clock due outcome pace pause_entry
-- The one exit of an attempt. The holder of the fence says what becomes of the job, and what its answer tells of the
-- API: preparing, sending or unconfirmed -> an outcome; preparing, or sending and certainly not placed -> queued or
-- scheduled. A late answer may turn unconfirmed into what really happened; nothing else is ever overwritten.
-- Safe to replay: the answer is counted once.
--
-- KEYS  1..10 see outcome.lua  11 due set of its priority  12 pace  13 breaker  14 pause  15 wake
-- ARGV  1 id  2 fence  3 retention in ms  4 JSON:
--       action      {state, fields: names and values by turns}, or {counts, delay_ms?, code?, message?}: a release
--       if_stopped  a release in its place while the breaker is open for the answer, or absent
--       report      {kind, code, message (JSON), answered, in_a_row, first_ms, longest_ms}, or absent
--       pause       {for_ms, message (JSON)}: the API's rate limit, or absent
--       reading     {ticket, count, allowed, reset_ms}: what the answer told of the rate limit, or absent
-- Reply {'done' | 'replay' | 'lost', 1 if the breaker is open for the answer}

local keys = outcome_keys()
local due_set, pace, breaker, pause, wake_key = KEYS[11], KEYS[12], KEYS[13], KEYS[14], KEYS[15]
local id, fence, retention = ARGV[1], ARGV[2], tonumber(ARGV[3])
local settlement = cjson.decode(ARGV[4])
local action, reading, now = settlement.action, settlement.reading, now_ms()

if reading then
  follow(pace, now, reading.ticket, reading.count, reading.allowed, reading.reset_ms)
end
if settlement.pause then
  begin_pause(pause, 'rate_limit', now, settlement.pause.for_ms, settlement.pause.message)
end

local record = redis.call('HMGET', keys.job, 'state', '_fence', '_due_ms')
local state, mine = record[1], record[2] == fence
if mine and state == action.state then
  return { 'replay', 0 }
end
if mine and (state == 'queued' or state == 'scheduled') then
  return { 'lost', 0 } -- released before, by this same step or by the reaper
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
  end_job(keys, now, id, { 'state', action.state, unpack(action.fields) }, retention)
  if action.state == 'placed' then
    close_breaker(breaker, pause, wake_key, now)
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
make_due(keys.job, due_set, wake_key, id, due, now)
return { 'done', stopped }
