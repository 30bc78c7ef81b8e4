-- uses: clock pause wake
-- One worker takes a due job: queued or scheduled -> preparing, with a new fence and a lease.
--
-- KEYS  1 job  2 leases  3 pause  4 calls queue  5 wake  6.. due sets, highest priority first
-- ARGV  1 id  2 worker  3 lease in ms  4 queue depth at which a scheduler is woken
-- Reply {'claimed', fence, content, attempts, last code or '', ms since it was first due, workers that died with it}
--       {'duplicate' | 'early' | 'unknown', state or ''} nothing to do for this nudge
--       {'paused', reason} the job goes back to its place

local now = now_ms()
if redis.call('LLEN', KEYS[4]) <= tonumber(ARGV[4]) then
  wake(KEYS[5])
end

local record = redis.call('HMGET', KEYS[1], 'state', 'priority', '_due_ms', '_job', 'attempts', 'code', '_since_ms',
  '_deaths')
local state = record[1]
if not state then
  for k = 6, #KEYS do
    redis.call('ZREM', KEYS[k], ARGV[1])
  end
  return { 'unknown', '' }
end
if state ~= 'queued' and state ~= 'scheduled' then
  return { 'duplicate', state }
end
if tonumber(record[3]) > now then
  return { 'early', state } -- a repeated nudge came after the job had been put off
end
local due = KEYS[6 + 9 - tonumber(record[2])]
local pause_ms, reason = paused(KEYS[3], now)
if pause_ms then
  redis.call('ZADD', due, record[3], ARGV[1])
  return { 'paused', reason }
end

redis.call('ZREM', due, ARGV[1])
redis.call('ZADD', KEYS[2], exact(now + tonumber(ARGV[3])), ARGV[1])
redis.call('HSET', KEYS[1], 'state', 'preparing', 'worker', ARGV[2])
redis.call('HDEL', KEYS[1], 'due_at', '_slot_ms')
local fence = redis.call('HINCRBY', KEYS[1], '_fence', 1)
return { 'claimed', fence, record[4], tonumber(record[5]), record[6] or '',
  math.floor(now - (tonumber(record[7]) or now)), tonumber(record[8]) or 0 }
