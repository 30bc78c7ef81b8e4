-- uses: clock wake
-- The holder of the fence gives the job back: preparing, or sending and certainly not placed -> queued or scheduled.
--
-- KEYS  1 job  2 leases  3 due set of its priority  4 wake
-- ARGV  1 id  2 fence  3 ms until it is due again, or '' for its old place  4 '1': the attempt does not count
--       5 why (code), or ''  6 why (message)
-- Reply {'done' | 'lost', state}

local record = redis.call('HMGET', KEYS[1], 'state', '_fence', '_due_ms')
local state = record[1]
if record[2] ~= ARGV[2] or (state ~= 'preparing' and state ~= 'sending') then
  return { 'lost', state or '' }
end

local now = now_ms()
local due = ARGV[3] == '' and tonumber(record[3]) or now + tonumber(ARGV[3])
local waiting = due > now and 'scheduled' or 'queued'
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], exact(due), ARGV[1])
redis.call('HSET', KEYS[1], 'state', waiting, 'due_at', iso(due), '_due_ms', exact(due))
redis.call('HDEL', KEYS[1], '_slot_ms')
if state == 'sending' and ARGV[4] == '1' then
  redis.call('HINCRBY', KEYS[1], 'attempts', -1)
end
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], 'code', ARGV[5], 'message', ARGV[6])
end
wake(KEYS[4])
return { 'done', waiting }
