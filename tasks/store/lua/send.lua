-- uses: breaker clock pace pause pause_entry restarted
-- The point of no return: preparing -> sending. The caller POSTs after the reply 'go', and after no other.
-- Safe to replay: the same fence gets the same answer, and its one holder POSTs once.
--
-- KEYS  1 job  2 leases  3 pause  4 pace  5 health  6 run
-- ARGV  1 id  2 fence  3 lease while sending, in ms  4 ms that a lease outlives the slot waited for
--       5 longest wait for a slot, in ms  6 ms between slots
--       7 ms by which a slot may be used late  8.. fields to record (from, to)
-- Reply {'go', attempts, ticket} | {'wait', ms}: a slot is reserved, ask again then
--       {'busy', ms} | {'paused', ms or -1, reason}: give the job back
--       {'expired'} | {'lost', state}: not ours to send

local now = now_ms()
local record = redis.call('HMGET', KEYS[1], 'state', '_fence', '_not_after_ms', '_slot_ms', 'attempts', '_ticket')
local state = record[1]
local lease = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0)
if record[2] ~= ARGV[2] or lease <= now then
  return { 'lost', state or '' }
end
if state == 'sending' then
  return { 'go', tonumber(record[5]), tonumber(record[6]) }
end
if state ~= 'preparing' then
  return { 'lost', state or '' }
end
if record[3] and tonumber(record[3]) <= now then
  return { 'expired' }
end
restarted(KEYS[6], KEYS[3], now, tonumber(ARGV[3]))
local pause_ms, reason = paused(KEYS[3], now)
if pause_ms then
  return { 'paused', math.ceil(pause_ms), reason }
end

local silence_ms = held_back(KEYS[5], now, tonumber(ARGV[3]))
if silence_ms then
  -- Seen by all: nobody needs to take up a job only to learn the same.
  begin_pause(KEYS[3], 'silence', now, silence_ms, '"Waiting for an answer to the requests on the wire."')
  return { 'paused', math.ceil(silence_ms), 'silence' }
end

local slot, ticket = tonumber(record[4]), tonumber(record[6])
if not slot or now - slot > tonumber(ARGV[7]) then
  slot, ticket = reserve(KEYS[4], now, tonumber(ARGV[6]), tonumber(ARGV[5]), tonumber(ARGV[7]))
  if slot - now > tonumber(ARGV[5]) then
    return { 'busy', math.ceil(slot - now) }
  end
  redis.call('HSET', KEYS[1], '_slot_ms', exact(slot), '_ticket', ticket)
end
if slot > now then
  redis.call('ZADD', KEYS[2], exact(slot + tonumber(ARGV[4])), ARGV[1])
  return { 'wait', math.ceil(slot - now) }
end

redis.call('ZADD', KEYS[2], exact(now + tonumber(ARGV[3])), ARGV[1])
redis.call('HSET', KEYS[1], 'state', 'sending', 'sent_at', iso(now), unpack(ARGV, 8))
redis.call('HDEL', KEYS[1], '_slot_ms')
sent(KEYS[5], now, tonumber(ARGV[3]))
count_request(KEYS[4], now)
return { 'go', redis.call('HINCRBY', KEYS[1], 'attempts', 1), ticket }
