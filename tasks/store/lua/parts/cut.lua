-- Replace a message that is too large by its size and its digest, which distinguish it from other messages.
-- Otherwise each worker that reads it may run out of memory. message.py reads the result.
-- Returns the size of the message in bytes.

local function cut(list, index, message, most_bytes)
  if #message > most_bytes then
    local short = string.format('cut: %d bytes, sha1 %s', #message, redis.sha1hex(message))
    redis.call('LSET', list, index, short)
  end
  return #message
end
