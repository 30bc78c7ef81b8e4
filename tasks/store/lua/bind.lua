-- uses: clock follow outcome
-- The call of a job without a clear answer was found: unconfirmed -> placed, and the call is followed. Only the attempt
-- whose number the call carries is meant, and no other outcome is ever replaced. It can be repeated safely.
--
-- KEYS  1..22 see outcome.lua  23 followed  24 followed jobs
-- ARGV  1 id  2 fence of the attempt  3 retention in ms  4 how the call is followed (see settle.lua), as JSON
--       5.. fields of the outcome
-- Reply {'done' | 'replay' | 'lost', state}

local keys, capacity = outcome_keys()
local followed, followed_jobs = unpack(KEYS, OUTCOME_KEYS + 1)
local id, fence, retention, call = ARGV[1], ARGV[2], tonumber(ARGV[3]), cjson.decode(ARGV[4])

local state, latest_fence, conversation = unpack(redis.call('HMGET', keys.job, 'state', '_fence', 'conversation_id'))
if latest_fence == fence and state == 'placed' and conversation == call.conversation then
  return { 'replay', state }
end
if latest_fence ~= fence or state ~= 'unconfirmed' then
  return { 'lost', state or '' }
end
local owner = redis.call('HGET', followed_jobs, call.conversation)
if owner and cjson.decode(owner)[1] ~= id then
  return { 'lost', state } -- the conversation is the call of another job
end

local now = now_ms()
end_job(keys, capacity, now, id, { 'state', 'placed', unpack(ARGV, 5) }, retention, true)
follow(followed, followed_jobs, capacity, id, now, call)
return { 'done', 'placed' }
