-- uses: pause_entry run_id
-- Was Redis started anew, or did another one become the master, since the fleet last sent? Then its last moments may be
-- forgotten, calls among them. So nothing is sent until what was on the wire has ended and the living have told it.
--
-- string run  the server, by its own run id, that the fleet sends by

local function restarted(key, pause, now, hold)
  local known, run = redis.call('GET', key), run_id()
  if known ~= run and run ~= '' then
    redis.call('SET', key, run)
    if known then
      begin_pause(pause, 'restart', now, hold, '"Redis was started anew, and may have forgotten its last moments."')
    end
  end
end
