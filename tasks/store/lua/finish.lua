-- uses: breaker clock outcome pace
-- The holder of the fence knows how it ended: preparing, sending or unconfirmed -> an outcome.
-- A late answer may still turn unconfirmed into what really happened; nothing else is ever overwritten.
--
-- KEYS  1..10 see outcome.lua  11 pace  12 health  13 pause  14 wake
-- ARGV  1 id  2 fence  3 retention in ms  4 state
--       5 ticket  6 count  7 allowed  8 reset in ms: what the answer told of the rate limit; ticket '' if nothing
--       9.. fields of the outcome
-- Reply {'done' | 'replay' | 'lost', state}

local now = now_ms()
if ARGV[5] ~= '' then
  follow(KEYS[11], now, tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]))
end
local record = redis.call('HMGET', KEYS[1], 'state', '_fence')
local state = record[1]
if record[2] ~= ARGV[2] then
  return { 'lost', state or '' }
end
if state == ARGV[4] then
  return { 'replay', state }
end
if state ~= 'preparing' and state ~= 'sending' and state ~= 'unconfirmed' then
  return { 'lost', state }
end

local fields = { 'state', ARGV[4] }
for i = 9, #ARGV do
  fields[#fields + 1] = ARGV[i]
end
settle(outcome_keys(), now, ARGV[1], fields, tonumber(ARGV[3]))
if ARGV[4] == 'placed' then
  recovered(KEYS[12], KEYS[13], KEYS[14], now)
end
return { 'done', ARGV[4] }
