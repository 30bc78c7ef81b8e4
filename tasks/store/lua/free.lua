-- uses: capacity clock
-- The user of a job without a clear answer has no call: the job holds the user no longer. Only the attempt that the
-- caller has read is meant: a placed call, and the next attempt, keep their hold.
--
-- KEYS  1 job  2..9 see capacity.lua
-- ARGV  1 id  2 fence of the attempt
-- Reply 1 if the job held its user, else 0

local job, capacity = KEYS[1], capacity_keys(2)
local id, fence = ARGV[1], ARGV[2]

local state, latest_fence = unpack(redis.call('HMGET', job, 'state', '_fence'))
if state ~= 'unconfirmed' or latest_fence ~= fence then
  return 0
end
local held = redis.call('HEXISTS', capacity.holders, id)
release_hold(capacity, now_ms(), id)
return held
