-- Takes a lease that is on no actor, such as the reconciler's.
-- KEYS  1 the lease, 2 the last fencing token
-- ARGV  1 TTL in ms, 2 the lease's value up to its fencing token
-- Returns {'granted', token, time in µs} or {'held', value, expires in ms}
local value = redis.call('GET', KEYS[1])
if value then return {'held', value, redis.call('PTTL', KEYS[1])} end
local now = now_us()
local token = string.format('%.0f', math.max((tonumber(redis.call('GET', KEYS[2])) or 0) + 1, now))
redis.call('SET', KEYS[2], token)
redis.call('SET', KEYS[1], ARGV[2] .. token .. '}', 'PX', ARGV[1])
return {'granted', token, string.format('%.0f', now)}
