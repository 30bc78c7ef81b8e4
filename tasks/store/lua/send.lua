-- uses: breaker capacity clock history pace pause pause_entry restarted
-- Allow one request: preparing -> sending. The caller sends the request after the reply 'go', and after no other
-- reply. It can be repeated safely: the same fence gets the same reply, and only one worker has it, which sends once.
--
-- KEYS  1 job  2 leases  3 pause  4 pace  5 breaker  6 run  7 history  8..15 see capacity.lua
-- ARGV  1 id  2 fence  3 lease while sending, in ms  4 ms from a slot to the end of the lease of its waiting worker
--       5 longest wait for a slot, in ms  6 ms between slots
--       7 ms by which a slot may be used late  8 calls at once for each user (0: no limit)  9 longest call in ms
--       10 number of users who may place it  11.. these users, then fields of the record (to, from)
-- Reply {'go', attempts, ticket, user} | {'wait', ms}: a slot is reserved, and the worker asks again at its time
--       {'busy', ms} | {'paused', ms or -1, reason}: the worker requeues the job
--       {'user_busy'}: each of the users has as many calls as allowed, or is set aside
--       {'expired'} | {'lost', state}: the worker must not send

local job, leases, pause, pace, breaker, run, history = unpack(KEYS)
local capacity = capacity_keys(8)
local id, fence, lease_ms, margin_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local longest_wait_ms, interval_ms, late_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local limit, longest_call_ms, count = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local users = { unpack(ARGV, 11, 10 + count) }

local now = now_ms()
local state, latest_fence, not_after_ms, slot, attempts, ticket, worker, sender = unpack(redis.call('HMGET', job,
  'state', '_fence', '_not_after_ms', '_slot_ms', 'attempts', '_ticket', 'worker', '_user'))
slot, ticket = tonumber(slot), tonumber(ticket)
local lease = tonumber(redis.call('ZSCORE', leases, id) or 0)
if latest_fence ~= fence or lease <= now then
  return { 'lost', state or '' }
end
if state == 'sending' then
  return { 'go', tonumber(attempts), ticket, sender }
end
if state ~= 'preparing' then
  return { 'lost', state or '' }
end
if not_after_ms and tonumber(not_after_ms) <= now then
  return { 'expired' }
end
restarted(run, pause, now, lease_ms)
local pause_ms, reason = paused(pause, now)
if pause_ms then
  return { 'paused', math.ceil(pause_ms), reason }
end

local silence_ms = held_back(breaker, now, lease_ms)
if silence_ms then
  -- It is a pause, so that no other worker claims a job that it cannot send.
  begin_pause(pause, 'silence', now, silence_ms, '"Waiting for answers to the requests in progress."')
  return { 'paused', math.ceil(silence_ms), 'silence' }
end

local user = pick_user(capacity, now, id, limit, users)
if not user then
  return { 'user_busy' }
end
if not slot or now - slot > late_ms then
  slot, ticket = reserve(pace, now, interval_ms, longest_wait_ms, late_ms)
  if slot - now > longest_wait_ms then
    return { 'busy', math.ceil(slot - now) }
  end
  redis.call('HSET', job, '_slot_ms', exact(slot), '_ticket', ticket)
end
if slot > now then
  if limit > 0 then
    take_hold(capacity, now, id, user, slot + margin_ms) -- so that no other job uses the slot's user until then
  end
  redis.call('ZADD', leases, exact(slot + margin_ms), id)
  return { 'wait', math.ceil(slot - now) }
end

redis.call('ZADD', leases, exact(now + lease_ms), id)
if limit > 0 then
  take_hold(capacity, now, id, user, now + longest_call_ms)
else
  touch_user(capacity, now, user)
end
if count > 1 then
  redis.call('HSET', job, 'user_id', user)
end
redis.call('HSET', job, 'state', 'sending', 'sent_at', iso(now), '_user', user, unpack(ARGV, 11 + count))
redis.call('HDEL', job, '_slot_ms')
note(history, now, 'sending', '', worker)
sent(breaker, now, lease_ms)
count_request(pace, now)
return { 'go', redis.call('HINCRBY', job, 'attempts', 1), ticket, user }
