-- Remove a token that the API refused, if it is still the one in use: of many who meet the refusal the first removes
-- it, and the others leave the new one alone.
--
-- KEYS  1 token
-- ARGV  1 the refused token
-- Reply 1 when it was removed, else 0

if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
