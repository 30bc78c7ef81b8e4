-- The reply for an id that the ledger already has, or nil for a new id; counts what came again.

local function known_id(job, fingerprint)
  local record = redis.pcall('HMGET', job, 'state', '_fingerprint')
  if record.err then
    return { 'conflict', 'rejected' } -- another program uses this key; the other messages must not wait for it
  end
  local state, known = unpack(record)
  if state then
    local verdict = known == fingerprint and 'replay' or 'conflict'
    redis.call('HINCRBY', job, verdict == 'replay' and 'replays' or 'conflicts', 1)
    return { verdict, state }
  end
end
