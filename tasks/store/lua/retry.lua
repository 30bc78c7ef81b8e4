-- uses: clock wake
-- A person asks for a job to be dialed again: an outcome -> queued, with all its attempts.
-- Never one that was placed; one that may have been placed only on that person's word.
--
-- KEYS  1 job  2 due set of its priority  3 wake  4 index of its outcome  5 the batch's index of it
--       6 open jobs of its batch  7 result  8 expiring
-- ARGV  1 id  2 the outcome that the caller has seen  3 its fence, or ''  4 '1': it was certainly not placed
-- Reply {'done' | 'refused' | 'changed' | 'unknown', state}

local record = redis.call('HMGET', KEYS[1], 'state', 'batch', '_job', '_not_after_ms', '_fence')
local state = record[1]
if not state then
  return { 'unknown', '' }
end
-- One word, one call: a request that was repeated after a lost answer must not speak of the next attempt too.
if state ~= ARGV[2] or (record[5] or '') ~= ARGV[3] then
  return { 'changed', state }
end
local now = now_ms()
local too_late = state == 'expired' and (tonumber(record[4]) or math.huge) <= now
local waiting = { queued = true, scheduled = true, preparing = true, sending = true }
if waiting[state] or state == 'placed' or too_late or not record[3]
  or (state == 'unconfirmed' and ARGV[4] ~= '1') then
  return { 'refused', state }
end

redis.call('PERSIST', KEYS[1])
redis.call('HDEL', KEYS[1], 'code', 'message', 'hint', 'finished_at', 'http_status', 'correlation_id',
  '_deaths')
redis.call('HSET', KEYS[1], 'state', 'queued', 'attempts', 0, 'due_at', iso(now), '_due_ms', exact(now),
  '_since_ms', exact(now))
redis.call('HINCRBY', KEYS[1], '_fence', 1) -- whoever still holds an old claim learns nothing good
redis.call('ZADD', KEYS[2], exact(now), ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
if record[2] then
  redis.call('ZREM', KEYS[5], ARGV[1])
  redis.call('ZADD', KEYS[6], exact(now), ARGV[1])
end
if record[4] then
  redis.call('ZADD', KEYS[8], record[4], ARGV[1])
end
redis.call('DEL', KEYS[7])
wake(KEYS[3])
return { 'done', 'queued' }
