-- Removes a name from the index if its entry is still the one that was seen.
-- KEYS  1 the names, 2 their stamps
-- ARGV  1 the name, 2 the stamp, 3 the least age of the entry in µs
-- Returns {'removed'} or {'kept'}
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return {'kept'} end
local time = redis.call('TIME')
if time[1] * 1000000 + time[2] - tonumber(ARGV[2]) < tonumber(ARGV[3]) then return {'kept'} end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return {'removed'}
