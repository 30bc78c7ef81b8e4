-- uses: clock outcome wake
-- A lease ran out: its worker is dead, or as good as dead.
-- preparing -> queued, in its old place; sending -> unconfirmed, for the POST may have gone out.
-- A job that was in the hands of more than one dead worker may be what they died of: it is put off, each time longer,
-- so that it comes among other jobs, and those that died beside it by chance are no longer suspected.
--
-- KEYS  1..10 see outcome.lua  11 due set of its priority  12 wake
-- ARGV  1 id  2 retention in ms  3 ms by which a job is put off for each death but the first
--       4.. fields of the outcome
-- Reply {'queued' | 'unconfirmed' | 'alive'}

local now = now_ms()
local lease = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0)
local record = redis.call('HMGET', KEYS[1], 'state', '_due_ms')
if lease == 0 or lease > now then
  return { 'alive' }
end
if record[1] == 'preparing' then
  local deaths = redis.call('HINCRBY', KEYS[1], '_deaths', 1)
  local due = deaths == 1 and tonumber(record[2]) or now + (deaths - 1) * tonumber(ARGV[3])
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('ZADD', KEYS[11], exact(due), ARGV[1])
  redis.call('HSET', KEYS[1], 'state', due > now and 'scheduled' or 'queued', 'due_at', iso(due), '_due_ms',
    exact(due))
  redis.call('HDEL', KEYS[1], '_slot_ms')
  wake(KEYS[12])
  return { 'queued' }
end
if record[1] == 'sending' then
  local fields = { 'state', 'unconfirmed' }
  for i = 4, #ARGV do
    fields[#fields + 1] = ARGV[i]
  end
  settle(outcome_keys(), now, ARGV[1], fields, tonumber(ARGV[2]))
  return { 'unconfirmed' }
end
redis.call('ZREM', KEYS[2], ARGV[1])
return { 'alive' }
