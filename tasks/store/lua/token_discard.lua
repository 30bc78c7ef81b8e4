-- Remove a token that the API refused, if it is still the one in use: of many workers that meet the refusal the first
-- removes it, and the others leave the new one alone.
--
-- KEYS  1 token
-- ARGV  1 the refused token
-- Reply 1 when it was removed, else 0

local token, refused = KEYS[1], ARGV[1]

if redis.call('HGET', token, 'token') == refused then
  return redis.call('DEL', token)
end
return 0
