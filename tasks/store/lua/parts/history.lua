-- The history of a job: a list of its changes, each as JSON: [ms, what happened, code or detail, worker].

local MOST = 50 -- later changes replace the oldest ones

-- Add a change. `...`: a code or detail, and the worker, as far as there are any.
local function note(history, now, what, ...)
  local length = redis.call('RPUSH', history, cjson.encode({ math.floor(now), what, ... }))
  if length > MOST then
    redis.call('LPOP', history)
  end
end
