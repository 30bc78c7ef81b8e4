-- uses: breaker clock history pace pause pause_entry restarted
-- Allow one request: preparing -> sending. The caller sends the request after the reply 'go', and after no other
-- reply. It can be repeated safely: the same fence gets the same reply, and only one worker has it, which sends once.
--
-- KEYS  1 job  2 leases  3 pause  4 pace  5 breaker  6 run  7 history
-- ARGV  1 id  2 fence  3 lease while sending, in ms  4 ms from a slot to the end of the lease of its waiting worker
--       5 longest wait for a slot, in ms  6 ms between slots
--       7 ms by which a slot may be used late  8.. fields of the record (to, from)
-- Reply {'go', attempts, ticket} | {'wait', ms}: a slot is reserved, and the worker asks again at its time
--       {'busy', ms} | {'paused', ms or -1, reason}: the worker requeues the job
--       {'expired'} | {'lost', state}: the worker must not send

local job, leases, pause, pace, breaker, run, history = unpack(KEYS)
local id, fence, lease_ms, margin_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local longest_wait_ms, interval_ms, late_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local now = now_ms()
local state, latest_fence, not_after_ms, slot, attempts, ticket, worker = unpack(redis.call('HMGET', job,
  'state', '_fence', '_not_after_ms', '_slot_ms', 'attempts', '_ticket', 'worker'))
slot, ticket = tonumber(slot), tonumber(ticket)
local lease = tonumber(redis.call('ZSCORE', leases, id) or 0)
if latest_fence ~= fence or lease <= now then
  return { 'lost', state or '' }
end
if state == 'sending' then
  return { 'go', tonumber(attempts), ticket }
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

if not slot or now - slot > late_ms then
  slot, ticket = reserve(pace, now, interval_ms, longest_wait_ms, late_ms)
  if slot - now > longest_wait_ms then
    return { 'busy', math.ceil(slot - now) }
  end
  redis.call('HSET', job, '_slot_ms', exact(slot), '_ticket', ticket)
end
if slot > now then
  redis.call('ZADD', leases, exact(slot + margin_ms), id)
  return { 'wait', math.ceil(slot - now) }
end

redis.call('ZADD', leases, exact(now + lease_ms), id)
redis.call('HSET', job, 'state', 'sending', 'sent_at', iso(now), unpack(ARGV, 8))
redis.call('HDEL', job, '_slot_ms')
note(history, now, 'sending', '', worker)
sent(breaker, now, lease_ms)
count_request(pace, now)
return { 'go', redis.call('HINCRBY', job, 'attempts', 1), ticket }
