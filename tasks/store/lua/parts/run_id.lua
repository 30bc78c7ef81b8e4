-- Returns the run id of the Redis server, or '' if it has none. It changes with a restart and with a failover.

local function run_id()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
end
