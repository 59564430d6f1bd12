-- Deletes an actor's record if nothing runs and nobody holds its lease.
-- KEYS  1 the record, 2 the lease
-- ARGV  the states in which it may be deleted
-- Returns {'deleted', record}, {'held', value, expires in ms},
--         {'conflict', state} or {'not_found'}
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {'not_found'} end
local value = redis.call('GET', KEYS[2])
if value then return {'held', value, redis.call('PTTL', KEYS[2])} end
for _, allowed in ipairs(ARGV) do
  if state == allowed then
    local record = redis.call('HGETALL', KEYS[1])
    redis.call('DEL', KEYS[1])
    return {'deleted', record}
  end
end
return {'conflict', state}
