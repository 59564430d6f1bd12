-- Marks an actor CRASHED because its worker is taken out of service by force.
-- Not under a lease: a workflow under way finds the other state at its next
-- write. Does nothing unless the record still names that worker.
-- KEYS  1 the record
-- ARGV  1 the worker's pool, 2 its name, 3 last_failure
-- Returns {'crashed'} or {'unchanged'}
local worker = redis.call('HMGET', KEYS[1], 'worker_pool', 'worker_name')
if worker[1] ~= ARGV[1] or worker[2] ~= ARGV[2] then return {'unchanged'} end
local time = redis.call('TIME')
redis.call('HDEL', KEYS[1], 'worker_pool', 'worker_name', 'worker_node', 'worker_runtime_address', 'address', 'pending_snapshot', 'previous_state',
  'recovery_attempts')
local now_ms = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], 'state', 'CRASHED', 'last_failure', ARGV[3], 'written_by', 'deregister',
  'update_time_ms', now_ms, 'state_time_ms', now_ms)
redis.call('HINCRBY', KEYS[1], 'version', 1)
return {'crashed'}
