-- uses: clock
-- Count what becomes of the jobs of a batch, and note when the batch changed. `store/keys.py` has the fields.

local MINUTES = 30 -- for so many minutes, the outcomes of each minute are kept
local OLD_BATCHES = 16 -- removed with each outcome: a limited number, and more than are added

-- Outcomes that an attempt gave. A person may cancel thousands of jobs in one minute, which tells nothing of a rate.
local OF_AN_ATTEMPT = { placed = true, rejected = true, failed = true, unconfirmed = true }

local function count_this(batch_counts, what, by)
  if by > 0 or (tonumber(redis.call('HGET', batch_counts, 'counted_' .. what)) or 0) > 0 then
    redis.call('HINCRBY', batch_counts, 'counted_' .. what, by) -- what an earlier version did not count is not counted back
  end
end

local function count_minute(batch_counts, now)
  local n = math.floor(now / 60000) % MINUTES
  local began = tonumber(redis.call('HGET', batch_counts, 'began' .. n)) or 0
  if math.floor(began / 60000) == math.floor(now / 60000) then
    redis.call('HINCRBY', batch_counts, 'ended' .. n, 1)
  else
    redis.call('HSET', batch_counts, 'began' .. n, exact(now), 'ended' .. n, 1)
  end
end

-- `keys`: {batch_counts, batches}. `batch`: nil or '' if the job has none. `retention`: nil if the job waits now.
-- `was`: what is no longer true of the job, `is`: what is true from now on, each as '<outcome>:<code>' or
-- 'result:<result>', or nil.
local function count_batch(keys, batch, now, retention, was, is)
  if (batch or '') == '' then
    return
  end
  local batch_counts, batches = keys.batch_counts, keys.batches
  if redis.call('HEXISTS', batch_counts, 'first_ms') == 0 then
    redis.call('HSET', batch_counts, 'first_ms', exact(now))
  end
  if was then
    count_this(batch_counts, was, -1)
  end
  if is then
    count_this(batch_counts, is, 1)
  end
  if is and not was and OF_AN_ATTEMPT[string.match(is, '^%a+')] then
    count_minute(batch_counts, now)
  end
  redis.call('ZADD', batches, exact(now), batch)
  if not retention then
    redis.call('PERSIST', batch_counts) -- the job may wait for longer than the retention
    return
  end
  redis.call('PEXPIRE', batch_counts, string.format('%d', retention))
  local old = redis.call('ZRANGEBYSCORE', batches, '-inf', exact(now - retention), 'LIMIT', 0, OLD_BATCHES)
  if #old > 0 then
    redis.call('ZREM', batches, unpack(old))
  end
end
