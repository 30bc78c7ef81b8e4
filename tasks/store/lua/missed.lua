-- Count the calls whose end a look-up found first, although events of their users were received since before they were
-- placed.
--
-- KEYS  1 events users  2 events missed
-- ARGV  the user of a call, and when it was placed, in ms, in turn
-- Reply: how many of them count

local events_users, events_missed = unpack(KEYS)

local counted = 0
for i = 1, #ARGV, 2 do
  local user, since_ms = ARGV[i], redis.call('ZSCORE', events_users, ARGV[i])
  if since_ms and tonumber(since_ms) < tonumber(ARGV[i + 1]) then
    redis.call('HINCRBY', events_missed, user, 1)
    counted = counted + 1
  end
end
return counted
