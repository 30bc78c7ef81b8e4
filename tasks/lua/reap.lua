-- uses: clock wake outcome
-- A lease ran out: its worker is dead, or as good as dead.
-- preparing -> queued, in its old place; sending -> unconfirmed, for the POST may have gone out.
--
-- KEYS  1..10 see outcome.lua  11 due set of its priority  12 wake
-- ARGV  1 id  2 retention in ms  3.. fields of the outcome
-- Reply {'queued' | 'unconfirmed' | 'alive'}

local now = now_ms()
local lease = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0)
local record = redis.call('HMGET', KEYS[1], 'state', '_due_ms')
if lease == 0 or lease > now then
  return { 'alive' }
end
if record[1] == 'preparing' then
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('ZADD', KEYS[11], record[2], ARGV[1])
  redis.call('HSET', KEYS[1], 'state', 'queued', 'due_at', iso(tonumber(record[2])))
  redis.call('HDEL', KEYS[1], '_slot_ms')
  wake(KEYS[12])
  return { 'queued' }
end
if record[1] == 'sending' then
  local fields = { 'state', 'unconfirmed' }
  for i = 3, #ARGV do
    fields[#fields + 1] = ARGV[i]
  end
  settle(outcome_keys(), now, ARGV[1], fields, tonumber(ARGV[2]))
  return { 'unconfirmed' }
end
redis.call('ZREM', KEYS[2], ARGV[1])
return { 'alive' }
