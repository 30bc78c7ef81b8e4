-- The run id of this server; it changes with a restart and with a fail-over. '' if the server does not tell it.

local function run_id()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
end
