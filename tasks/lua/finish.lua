-- uses: clock outcome
-- The holder of the fence knows how it ended: preparing, sending or unconfirmed -> an outcome.
-- A late answer may still turn unconfirmed into what really happened; nothing else is ever overwritten.
--
-- KEYS  1..9 see outcome.lua
-- ARGV  1 id  2 fence  3 retention in ms  4 state  5.. fields of the outcome
-- Reply {'done' | 'replay' | 'lost', state}

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
for i = 5, #ARGV do
  fields[#fields + 1] = ARGV[i]
end
settle(outcome_keys(), now_ms(), ARGV[1], fields, tonumber(ARGV[3]))
return { 'done', ARGV[4] }
