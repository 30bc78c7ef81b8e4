-- Return the reply for a known id, after counting it as a replay or a conflict unless the caller only looks; nil for
-- a new id.

local function known_id(job, fingerprint, only_look)
  local record = redis.pcall('HMGET', job, 'state', '_fingerprint')
  if record.err then
    return { 'conflict', 'rejected' } -- another program uses this key; the other messages must not fail
  end
  local state, known = unpack(record)
  if not state then
    return nil
  end
  -- The record of a placed job has only the beginning of the fingerprint.
  if known and known ~= '' and known == string.sub(fingerprint, 1, #known) then
    if not only_look then
      redis.call('HINCRBY', job, 'replays', 1)
    end
    return { 'replay', state }
  end
  if not only_look then
    redis.call('HINCRBY', job, 'conflicts', 1)
  end
  return { 'conflict', state }
end
