-- uses: clock look_slot
-- Take calls whose look-up is due, and reserve a slot of the pace for the one request that looks at all of them.
-- A call that is taken is due again after a lease, so that no call is forgotten if the worker dies.
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

local now = now_ms()
if redis.call('ZCARD', waiting) > 0 then
  gather_ms = math.min(gather_ms, QUICK_GATHER_MS)
end
local due = redis.call('ZRANGEBYSCORE', followed, '-inf', exact(now), 'WITHSCORES', 'LIMIT', 0, most)
if #due == 0 or (#due < 2 * most and tonumber(due[2]) > now - gather_ms) then
  return { 0 }
end
local wait_ms = look_slot(pause, pace, waiting, calls, { unpack(KEYS, 7) }, now, interval_ms, longest_wait_ms, late_ms)
if not wait_ms then
  return { 0 }
end

local reply = { wait_ms }
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
