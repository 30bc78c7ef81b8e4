-- uses: clock
-- Give a job its outcome: record, indexes, stream and Celery's result, all in one step.

local TRIM = 16 -- expired index entries that are removed with each outcome: a limited number, and more than are added

local NUMBERS = { attempts = true, http_status = true, priority = true, replays = true, conflicts = true }

-- Return the first ten KEYS of an operation that can end a job, by name.
local function outcome_keys()
  return { job = KEYS[1], leases = KEYS[2], index = KEYS[3], index_unconfirmed = KEYS[4],
    batch_index = KEYS[5], batch_unconfirmed = KEYS[6], batch_open = KEYS[7], outcomes = KEYS[8],
    result = KEYS[9], expiring = KEYS[10] }
end

local function file_under(key, now, id, retention)
  redis.call('ZADD', key, exact(now), id)
  local old = redis.call('ZRANGEBYSCORE', key, '-inf', exact(now - retention), 'LIMIT', 0, TRIM)
  if #old > 0 then
    redis.call('ZREM', key, unpack(old))
  end
  redis.call('PEXPIRE', key, string.format('%d', retention))
end

local function public_record(id, job)
  local record = { id = id }
  local entries = redis.call('HGETALL', job)
  for i = 1, #entries, 2 do
    local name, value = entries[i], entries[i + 1]
    if NUMBERS[name] then
      record[name] = tonumber(value)
    elseif string.sub(name, 1, 1) ~= '_' then
      record[name] = value
    end
  end
  return record
end

-- End the job. `keys`: see outcome_keys; `fields`: fields of the record and their values in turn, including `state`
-- and `code`; `task_id`: the producer's id, if it differs from the id of the record.
local function end_job(keys, now, id, fields, retention, task_id)
  local lifetime = string.format('%d', retention)
  redis.call('HDEL', keys.job, 'http_status', 'correlation_id', 'due_at', '_slot_ms')
  redis.call('HSET', keys.job, 'finished_at', iso(now), unpack(fields))
  redis.call('PEXPIRE', keys.job, lifetime)
  redis.call('ZREM', keys.leases, id)
  redis.call('ZREM', keys.expiring, id)

  local record = public_record(id, keys.job)
  redis.call('ZREM', keys.index_unconfirmed, id)
  file_under(keys.index, now, id, retention)
  if record.batch then
    redis.call('ZREM', keys.batch_unconfirmed, id)
    redis.call('ZREM', keys.batch_open, id)
    file_under(keys.batch_index, now, id, retention)
  end
  redis.call('XADD', keys.outcomes, 'MAXLEN', '~', '100000', '*', 'id', id, 'state', record.state,
    'code', record.code, 'batch', record.batch or '', 'finished_at', record.finished_at)

  local result = '{"status":"SUCCESS","traceback":null,"children":[],"task_id":' .. cjson.encode(task_id or id)
    .. ',"date_done":' .. cjson.encode(record.finished_at) .. ',"result":' .. cjson.encode(record) .. '}'
  redis.call('SET', keys.result, result, 'PX', lifetime)
  redis.call('PUBLISH', keys.result, result)
end
