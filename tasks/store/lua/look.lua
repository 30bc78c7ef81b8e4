-- uses: clock pace pause
-- Take calls whose look-up is due, and reserve a slot of the pace for the one request that looks at all of them.
-- While jobs are due, look-ups take at most a tenth of the slots; otherwise all that are free. A call that is taken
-- is due again after a lease, so that no call is forgotten if the worker dies.
--
-- KEYS  1 followed  2 followed jobs  3 pause  4 pace  5 calls queue  6 waiting  7.. due sets
-- ARGV  1 how many calls one request can look at  2 lease in ms  3 ms for which the first call waits for others, unless a
--       job waits for a user
--       4 longest wait for a slot, in ms  5 ms between slots  6 ms by which a slot may be used late
-- Reply {ms until the slot, conversation, its entry in followed jobs, conversation, ...}; no calls: nothing to do

local followed, followed_jobs, pause, pace, calls, waiting = unpack(KEYS)
local most, lease_ms, gather_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local longest_wait_ms, interval_ms, late_ms = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local QUICK_GATHER_MS = 1000
local CALLS_A_LOOK = 10 -- while jobs are due, there is at most one look-up for so many calls

local now = now_ms()
local somebody_waits = redis.call('ZCARD', waiting) > 0
if somebody_waits then
  gather_ms = math.min(gather_ms, QUICK_GATHER_MS)
end
local due = redis.call('ZRANGEBYSCORE', followed, '-inf', exact(now), 'WITHSCORES', 'LIMIT', 0, most)
if #due == 0 or (#due < 2 * most and tonumber(due[2]) > now - gather_ms) then
  return { 0 }
end
-- These pauses stop calls, and look-ups place none; every other pause says that the API must be left alone.
local _, reason = paused(pause, now)
if reason and reason ~= 'operator' and reason ~= 'nobody_there' then
  return { 0 }
end

local jobs_are_due = somebody_waits or redis.call('LLEN', calls) > 0
for k = 7, #KEYS do
  jobs_are_due = jobs_are_due or redis.call('ZCOUNT', KEYS[k], '-inf', exact(now)) > 0
end
local last_ms = tonumber(redis.call('HGET', pace, 'look_ms')) or 0
if jobs_are_due and last_ms <= now + longest_wait_ms and now < last_ms + (CALLS_A_LOOK + 1) * interval_ms then
  return { 0 }
end
local slot = reserve(pace, now, interval_ms, longest_wait_ms, late_ms)
if slot - now > longest_wait_ms then
  return { 0 }
end
redis.call('HSET', pace, 'look_ms', exact(slot))
count_request(pace, now)

local reply = { math.ceil(math.max(slot - now, 0)) }
for i = 1, #due, 2 do
  local entry = redis.call('HGET', followed_jobs, due[i])
  if entry then
    redis.call('ZADD', followed, exact(now + lease_ms), due[i])
    reply[#reply + 1], reply[#reply + 2] = due[i], entry
  else
    redis.call('ZREM', followed, due[i])
  end
end
return reply
