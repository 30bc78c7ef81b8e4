-- uses: clock wake
-- Make a job wait until it is due: add it to the due set of its priority, and set its state to queued or scheduled.
-- `...`: more fields of the record and their values. Returns the state.

local function make_due(job, due_set, wake_key, id, due, now, ...)
  local state = due > now and 'scheduled' or 'queued'
  redis.call('HSET', job, 'state', state, 'due_at', iso(due), '_due_ms', exact(due), ...)
  redis.call('ZADD', due_set, exact(due), id)
  wake(wake_key)
  return state
end
