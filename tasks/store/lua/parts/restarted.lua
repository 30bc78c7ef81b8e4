-- uses: pause_entry run_id
-- Detect that Redis was restarted, or that a replica became the master, since the fleet last sent a request. Such a
-- server may lack the last writes, including calls. So the fleet is paused until the calls in progress have ended and
-- the workers have recorded their outcomes again.

local function restarted(run_key, pause, now, hold_ms)
  local known, run = redis.call('GET', run_key), run_id()
  if known ~= run and run ~= '' then
    redis.call('SET', run_key, run)
    if known then
      begin_pause(pause, 'restart', now, hold_ms,
        '"Redis was restarted, and its latest writes may be missing."')
    end
  end
end
