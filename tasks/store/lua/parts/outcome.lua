-- uses: capacity clock count_batch history
-- Give a job its outcome: record, indexes, stream and Celery's result, all in one step.

local TRIM = 16 -- expired index entries that are removed with each outcome: a limited number, and more than are added

local DOUBT_MS = 300000 -- for so long, a call without a clear answer keeps its user

local FIRST_SEARCH_MS = 10000 -- after this time, the call of a job without a clear answer is searched for

local RESULT_MS = 86400000 -- how long Celery itself keeps a result: a day

local NUMBERS = { attempts = true, http_status = true, priority = true, replays = true, conflicts = true,
  max_attempts = true }

local OUTCOME_KEYS = 22 -- an operation's own KEYS follow these

local OBJECTS = { attributes = true, calls = true, redial = true }

-- Return the first KEYS of an operation that can end a job, by name, and those of `capacity.lua`.
local function outcome_keys()
  local keys = { job = KEYS[1], leases = KEYS[2], index = KEYS[3], index_unconfirmed = KEYS[4],
    batch_index = KEYS[5], batch_unconfirmed = KEYS[6], batch_open = KEYS[7], outcomes = KEYS[8],
    result = KEYS[9], expiring = KEYS[10], history = KEYS[11], in_doubt = KEYS[12], batch_counts = KEYS[13],
    batches = KEYS[14] }
  return keys, capacity_keys(15)
end

local function file_under(key, now, id, retention)
  redis.call('ZADD', key, exact(now), id)
  local old = redis.call('ZRANGEBYSCORE', key, '-inf', exact(now - retention), 'LIMIT', 0, TRIM)
  if #old > 0 then
    redis.call('ZREM', key, unpack(old))
  end
  redis.call('PEXPIRE', key, string.format('%d', retention))
end

-- An outcome that another one replaces, such as `unconfirmed`, is no longer counted.
local OUTCOMES = { placed = true, rejected = true, failed = true, unconfirmed = true, cancelled = true,
  expired = true }

-- What only a job needs that may be dialed again.
local NEEDED_TO_DIAL = { _job = true, _due_ms = true, _since_ms = true, _not_after_ms = true, _ticket = true,
  _deaths = true, _user = true, _waiting = true }
local FINGERPRINT = 8 -- characters that tell a replay from a conflict as long as the record is kept: 32 bits

-- Keep only what a reader needs of a placed job, because it is never dialed again: what the producer asked for becomes
-- fields of the record. The record is written anew: in Redis, a hash that had one long value stays large without it.
local function slim(job)
  local entries, content, kept = redis.call('HGETALL', job), {}, {}
  local known = { to = true } -- in the record, `to` is E.164; `to_raw` is the number as it was written
  for i = 1, #entries, 2 do
    local name, value = entries[i], entries[i + 1]
    known[name] = true
    if name == '_job' then
      content = cjson.decode(value)
    elseif name == '_fingerprint' then
      kept[#kept + 1], kept[#kept + 2] = name, string.sub(value, 1, FINGERPRINT)
    elseif not NEEDED_TO_DIAL[name] then
      kept[#kept + 1], kept[#kept + 2] = name, value
    end
  end
  for name, value in pairs(content) do
    if not known[name] then
      kept[#kept + 1], kept[#kept + 2] = name, OBJECTS[name] and cjson.encode(value) or value
    end
  end
  redis.call('DEL', job)
  redis.call('HSET', job, unpack(kept))
end

-- Return the public fields of the record, and those that the producer asked for and the record does not have itself.
local function public_record(id, job)
  local record, content = { id = id }, nil
  local entries = redis.call('HGETALL', job)
  for i = 1, #entries, 2 do
    local name, value = entries[i], entries[i + 1]
    if name == '_job' then
      content = cjson.decode(value)
    elseif OBJECTS[name] then
      record[name] = cjson.decode(value)
    elseif NUMBERS[name] then
      record[name] = tonumber(value)
    elseif string.sub(name, 1, 1) ~= '_' and name ~= 'final' then -- Celery's result is that of the outcome
      record[name] = value
    end
  end
  for name, value in pairs(content or {}) do
    if name ~= 'to' and record[name] == nil then
      record[name] = value
    end
  end
  return record
end

-- Add an entry to the stream: the job got this outcome, or its call this result.
local function tell(keys, id, event)
  local state, code, batch, finished_at, result, final = unpack(redis.call('HMGET', keys.job, 'state', 'code', 'batch',
    'finished_at', 'result', 'final'))
  redis.call('XADD', keys.outcomes, 'MAXLEN', '~', '100000', '*', 'event', event, 'id', id, 'state', state,
    'code', code, 'batch', batch or '', 'finished_at', finished_at, 'final', final or '0',
    'result', result or '')
end

-- End the job. `keys`, `capacity`: see outcome_keys; `fields`: fields of the record and their values in turn,
-- including `state` and `code`; `goes_on`: its call is followed, and may be followed by another one; `task_id`: the
-- producer's id, if it differs from the id of the record.
local function end_job(keys, capacity, now, id, fields, retention, goes_on, task_id)
  local lifetime = string.format('%d', retention)
  local before, code = unpack(redis.call('HMGET', keys.job, 'state', 'code'))
  local replaced = OUTCOMES[before] and before .. ':' .. code or nil
  redis.call('HDEL', keys.job, 'http_status', 'correlation_id', 'due_at', '_slot_ms', 'evidence')
  redis.call('HSET', keys.job, 'finished_at', iso(now), unpack(fields))
  local record = public_record(id, keys.job)
  local state = record.state
  if state == 'unconfirmed' or goes_on then
    redis.call('HDEL', keys.job, 'final')
  else
    redis.call('HSET', keys.job, 'final', '1')
  end
  redis.call('ZREM', keys.leases, id)
  redis.call('ZREM', keys.expiring, id)
  redis.call('ZREM', keys.in_doubt, id)

  if state == 'placed' and not goes_on then
    slim(keys.job)
  end
  redis.call('PEXPIRE', keys.job, lifetime)
  note(keys.history, now, state, record.code)
  redis.call('PEXPIRE', keys.history, lifetime)
  redis.call('ZREM', keys.index_unconfirmed, id)
  file_under(keys.index, now, id, retention)
  if state == 'unconfirmed' then
    file_under(keys.in_doubt, now, id, retention)
    redis.call('ZADD', keys.in_doubt, exact(now + FIRST_SEARCH_MS), id)
    redis.call('ZADD', capacity.holds, 'XX', exact(now + DOUBT_MS), id)
  elseif state ~= 'placed' then
    release_hold(capacity, now, id)
  end
  if record.batch then
    redis.call('ZREM', keys.batch_unconfirmed, id)
    redis.call('ZREM', keys.batch_open, id)
    file_under(keys.batch_index, now, id, retention)
    count_batch(keys, record.batch, now, retention, replaced, state .. ':' .. record.code)
  end
  tell(keys, id, 'outcome')

  local result = '{"status":"SUCCESS","traceback":null,"children":[],"task_id":' .. cjson.encode(task_id or id)
    .. ',"date_done":' .. cjson.encode(record.finished_at) .. ',"result":' .. cjson.encode(record) .. '}'
  redis.call('SET', keys.result, result, 'PX', string.format('%d', math.min(retention, RESULT_MS)))
  redis.call('PUBLISH', keys.result, result)
end
