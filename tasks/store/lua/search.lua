-- uses: clock look_slot
-- Take jobs in doubt whose search is due, and reserve a slot of the pace for its first request. A job that is taken is
-- due again after a lease, so that none is forgotten if the worker dies.
--
-- KEYS  1 in doubt  2 pause  3 pace  4 calls queue  5 waiting  6.. due sets
-- ARGV  1 largest number of jobs  2 lease in ms  3 longest wait for a slot, in ms  4 ms between slots
--       5 ms by which a slot may be used late
-- Reply {ms until the slot, the time in ms, id, ...}; no ids: nothing to do

local in_doubt, pause, pace, calls, waiting = unpack(KEYS)
local most, lease_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local longest_wait_ms, interval_ms, late_ms = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local now = now_ms()
local ids = redis.call('ZRANGEBYSCORE', in_doubt, '-inf', exact(now), 'LIMIT', 0, most)
local wait_ms = #ids > 0
  and look_slot(pause, pace, waiting, calls, { unpack(KEYS, 6) }, now, interval_ms, longest_wait_ms, late_ms)
if not wait_ms then
  return { 0, math.floor(now) }
end
local reply = { wait_ms, math.floor(now) }
for _, id in ipairs(ids) do
  redis.call('ZADD', in_doubt, exact(now + lease_ms), id)
  reply[#reply + 1] = id
end
return reply
