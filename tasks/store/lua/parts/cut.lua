-- Cut a message that nobody will read, as it is too large, to what tells it from others: its size and digest.
-- Whoever fetched it whole might run out of memory, and after that the next one, and the next. message.py reads this.

local function cut(key, index, message, most)
  if #message > most then
    local short = string.format('cut: %d bytes, sha1 %s', #message, redis.sha1hex(message))
    redis.call('LSET', key, index, short)
  end
  return #message
end
