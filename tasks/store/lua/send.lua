-- uses: breaker clock pace pause pause_entry restarted
-- The point of no return: preparing -> sending. The caller POSTs after the reply 'go', and after no other.
-- Safe to replay: the same fence gets the same answer, and its one holder POSTs once.
--
-- KEYS  1 job  2 leases  3 pause  4 pace  5 breaker  6 run
-- ARGV  1 id  2 fence  3 lease while sending, in ms  4 ms by which the lease of a waiting worker outlives its slot
--       5 longest wait for a slot, in ms  6 ms between slots
--       7 ms by which a slot may be used late  8.. fields to record (from, to)
-- Reply {'go', attempts, ticket} | {'wait', ms}: a slot is reserved, ask again then
--       {'busy', ms} | {'paused', ms or -1, reason}: give the job back
--       {'expired'} | {'lost', state}: this worker must not send it

local job, leases, pause, pace, breaker, run = unpack(KEYS)
local id, fence, lease_ms, margin_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local longest_wait_ms, interval_ms, late_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local now = now_ms()
local state, latest_fence, not_after_ms, slot, attempts, ticket = unpack(redis.call('HMGET', job,
  'state', '_fence', '_not_after_ms', '_slot_ms', 'attempts', '_ticket'))
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
  -- As a pause, all workers see it: no other one needs to claim a job only to learn the same.
  begin_pause(pause, 'silence', now, silence_ms, '"Waiting for an answer to the requests on the wire."')
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
sent(breaker, now, lease_ms)
count_request(pace, now)
return { 'go', redis.call('HINCRBY', job, 'attempts', 1), ticket }
