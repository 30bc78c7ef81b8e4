-- Remove a token that the API rejected, if the fleet still uses it. If several workers report the same token, the
-- first one removes it, and the others do not remove the new token.
--
-- KEYS  1 token
-- ARGV  1 the rejected token
-- Reply 1 if it was removed, else 0

local token, rejected = KEYS[1], ARGV[1]

if redis.call('HGET', token, 'token') == rejected then
  return redis.call('DEL', token)
end
return 0
