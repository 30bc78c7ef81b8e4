-- uses: clock count_batch history
-- Give a job its outcome: record, indexes, stream and Celery's result, all in one step.

local TRIM = 16 -- expired index entries that are removed with each outcome: a limited number, and more than are added

local FIRST_SEARCH_MS = 10000 -- after this time, the call of a job without a clear answer is searched for

local RESULT_MS = 86400000 -- how long Celery itself keeps a result: a day

local NUMBERS = { attempts = true, http_status = true, priority = true, replays = true, conflicts = true,
  max_attempts = true }

local OUTCOME_KEYS = 14 -- an operation's own KEYS follow these

-- Return the first KEYS of an operation that can end a job, by name.
local function outcome_keys()
  return { job = KEYS[1], leases = KEYS[2], index = KEYS[3], index_unconfirmed = KEYS[4],
    batch_index = KEYS[5], batch_unconfirmed = KEYS[6], batch_open = KEYS[7], outcomes = KEYS[8],
    result = KEYS[9], expiring = KEYS[10], history = KEYS[11], in_doubt = KEYS[12], batch_counts = KEYS[13],
    batches = KEYS[14] }
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
  _deaths = true }
local FINGERPRINT = 16 -- characters that tell a replay from a conflict as long as the record is kept

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
      kept[#kept + 1], kept[#kept + 2] = name, name == 'attributes' and cjson.encode(value) or value
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
    elseif name == 'attributes' then
      record[name] = cjson.decode(value)
    elseif NUMBERS[name] then
      record[name] = tonumber(value)
    elseif string.sub(name, 1, 1) ~= '_' then
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

-- End the job. `keys`: see outcome_keys; `fields`: fields of the record and their values in turn, including `state`
-- and `code`; `task_id`: the producer's id, if it differs from the id of the record.
local function end_job(keys, now, id, fields, retention, task_id)
  local lifetime = string.format('%d', retention)
  local before, code = unpack(redis.call('HMGET', keys.job, 'state', 'code'))
  local replaced = OUTCOMES[before] and before .. ':' .. code or nil
  redis.call('HDEL', keys.job, 'http_status', 'correlation_id', 'due_at', '_slot_ms')
  redis.call('HSET', keys.job, 'finished_at', iso(now), unpack(fields))
  redis.call('ZREM', keys.leases, id)
  redis.call('ZREM', keys.expiring, id)
  redis.call('ZREM', keys.in_doubt, id)

  local record = public_record(id, keys.job)
  if record.state == 'placed' then
    slim(keys.job)
  end
  redis.call('PEXPIRE', keys.job, lifetime)
  note(keys.history, now, record.state, record.code)
  redis.call('PEXPIRE', keys.history, lifetime)
  redis.call('ZREM', keys.index_unconfirmed, id)
  file_under(keys.index, now, id, retention)
  if record.state == 'unconfirmed' then
    file_under(keys.in_doubt, now, id, retention)
    redis.call('ZADD', keys.in_doubt, exact(now + FIRST_SEARCH_MS), id)
  end
  if record.batch then
    redis.call('ZREM', keys.batch_unconfirmed, id)
    redis.call('ZREM', keys.batch_open, id)
    file_under(keys.batch_index, now, id, retention)
    count_batch(keys, record.batch, now, retention, replaced, record.state .. ':' .. record.code)
  end
  redis.call('XADD', keys.outcomes, 'MAXLEN', '~', '100000', '*', 'event', 'outcome', 'id', id, 'state', record.state,
    'code', record.code, 'batch', record.batch or '', 'finished_at', record.finished_at)

  local result = '{"status":"SUCCESS","traceback":null,"children":[],"task_id":' .. cjson.encode(task_id or id)
    .. ',"date_done":' .. cjson.encode(record.finished_at) .. ',"result":' .. cjson.encode(record) .. '}'
  redis.call('SET', keys.result, result, 'PX', string.format('%d', math.min(retention, RESULT_MS)))
  redis.call('PUBLISH', keys.result, result)
end
