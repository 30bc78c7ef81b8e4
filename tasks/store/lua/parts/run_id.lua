-- The run id of this server: another one after a restart, or when a replica became the master. '' if it does not tell.

local function run_id()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
end
