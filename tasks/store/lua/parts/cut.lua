-- Replace a message that is too large to be read by its size and its digest, which still tell it from other messages.
-- A worker that fetched it whole might run out of memory, and after it the next worker. message.py reads the result.
-- Returns how many bytes the message had.

local function cut(list, index, message, most_bytes)
  if #message > most_bytes then
    local short = string.format('cut: %d bytes, sha1 %s', #message, redis.sha1hex(message))
    redis.call('LSET', list, index, short)
  end
  return #message
end
