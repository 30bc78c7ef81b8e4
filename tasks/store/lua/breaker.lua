-- uses: clock pause_entry
-- An answer that was no call: is it this job's fault, or would every job meet it?
-- Too many in a row stop the fleet; then one probe at a time goes out, at growing distance, until one is placed.
--
-- KEYS  1 health  2 pause
-- ARGV  1 kind: 'outage' (failed or unknown), 'refusal', 'credentials', or 'clear' (the API is alive)
--       2 code  3 message (JSON)  4 how many in a row are taken for the jobs' own  5 first distance in ms  6 longest
--       7 '1' when it is an answer: a time-out ends no silence
-- Reply 1 if the fleet is stopped for it: it is not this job's fault

local now = now_ms()
local kind, code, limit = ARGV[1], ARGV[2], tonumber(ARGV[4])
if ARGV[7] == '1' then
  redis.call('HSET', KEYS[1], 'answered_ms', exact(now))
  redis.call('HDEL', KEYS[1], 'unanswered')
end
redis.call('HDEL', KEYS[1], 'probe_ms')
local open = redis.call('HGET', KEYS[1], 'open')

if kind ~= 'outage' then
  redis.call('HDEL', KEYS[1], 'outage')
  if open == 'outage' then
    redis.call('HDEL', KEYS[1], 'open', 'distance_ms')
    redis.call('HDEL', KEYS[2], 'outage')
    open = nil
  end
end
if kind == 'clear' then
  return 0
end

local streak = 1
if kind == 'outage' then
  streak = redis.call('HINCRBY', KEYS[1], 'outage', 1)
elseif kind == 'refusal' then
  if redis.call('HGET', KEYS[1], 'code') ~= code then
    redis.call('HSET', KEYS[1], 'code', code, 'refusal', 0)
  end
  streak = redis.call('HINCRBY', KEYS[1], 'refusal', 1)
else
  limit = 0 -- credentials are everybody's
end
if open ~= kind and streak <= limit then
  return 0
end

-- What was on the wire when the fleet stopped does not make the distance grow; a probe that fails does.
local entry = redis.call('HGET', KEYS[2], kind)
local ends = entry and paused_until(entry) or 0
if open ~= kind or ends <= now then
  local last = open == kind and tonumber(redis.call('HGET', KEYS[1], 'distance_ms'))
  local distance = last and math.min(last * 2, tonumber(ARGV[6])) or tonumber(ARGV[5])
  redis.call('HSET', KEYS[1], 'open', kind, 'distance_ms', exact(distance))
  begin_pause(KEYS[2], kind, now, distance, ARGV[3])
end
return 1
