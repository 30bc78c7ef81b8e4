-- uses: clock wake
-- A job enters the ledger: none -> queued or scheduled. The same id again changes nothing.
--
-- KEYS  1 job  2 due set of its priority  3 wake  4 open jobs of its batch  5 expiring
-- ARGV  1 id  2 content (JSON)  3 fingerprint  4 not_before in ms, or ''  5 not_after in ms, or ''
--       6 priority  7 batch, or ''  8 the number as written
-- Reply {'accepted' | 'replay' | 'conflict', state}

local known = redis.pcall('HMGET', KEYS[1], 'state', '_fingerprint')
if known.err then
  return { 'conflict', 'rejected' } -- somebody keeps something else under this key; it must not hold up the others
end
if known[1] then
  local verdict = known[2] == ARGV[3] and 'replay' or 'conflict'
  redis.call('HINCRBY', KEYS[1], verdict == 'replay' and 'replays' or 'conflicts', 1)
  return { verdict, known[1] }
end

local now = now_ms()
local due = math.max(tonumber(ARGV[4]) or now, now)
local state = due > now and 'scheduled' or 'queued'
local accepted_at = iso(now)
redis.call('HSET', KEYS[1], 'state', state, 'to_raw', ARGV[8], 'attempts', 0, 'priority', ARGV[6],
  'accepted_at', accepted_at, 'due_at', due > now and iso(due) or accepted_at, '_job', ARGV[2],
  '_fingerprint', ARGV[3], '_due_ms', exact(due), '_since_ms', exact(due))
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], '_not_after_ms', ARGV[5])
  redis.call('ZADD', KEYS[5], ARGV[5], ARGV[1])
end
if ARGV[7] ~= '' then
  redis.call('HSET', KEYS[1], 'batch', ARGV[7])
  redis.call('ZADD', KEYS[4], exact(now), ARGV[1])
end
redis.call('ZADD', KEYS[2], exact(due), ARGV[1])
wake(KEYS[3])
return { 'accepted', state }
