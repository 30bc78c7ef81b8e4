-- uses: clock
-- Note that a search has not found the call of a job, and when to search again.
--
-- KEYS  1 job  2 in doubt
-- ARGV  1 id  2 fence of the attempt  3 the look (JSON), or '': the search told nothing  4 largest number of looks
--       5.. times of searches in ms, in order
-- Reply the number of looks in the record, or 0 if the job is not in doubt about this attempt

local job, in_doubt = unpack(KEYS)
local id, fence, look, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

local state, latest_fence, evidence = unpack(redis.call('HMGET', job, 'state', '_fence', 'evidence'))
if state ~= 'unconfirmed' then
  redis.call('ZREM', in_doubt, id) -- its record has expired
  return 0
end
if latest_fence ~= fence then
  return 0
end
local looks = cjson.decode(evidence or '[]')
if look ~= '' then
  looks[#looks + 1] = cjson.decode(look)
  local oldest = 1
  while #looks > most and oldest < #looks do
    if looks[oldest].other then
      oldest = oldest + 1 -- it must not be forgotten
    else
      table.remove(looks, oldest)
    end
  end
  redis.call('HSET', job, 'evidence', cjson.encode(looks))
end
local now = now_ms()
for i = 5, #ARGV do
  if tonumber(ARGV[i]) > now then
    redis.call('ZADD', in_doubt, ARGV[i], id)
    return #looks
  end
end
redis.call('ZREM', in_doubt, id)
return #looks
