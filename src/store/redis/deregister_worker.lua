-- Takes a worker out of service, with its claim.
-- KEYS  as in register_worker.lua
-- ARGV  1 name, 2 the holder that the caller has dealt with, or '',
--       3 'expired' to do it only if the worker has not registered again in time
-- Returns {'removed'}, {'held', holder} by another one, {'registered'} in time
--         after all, or {'not_found'}
local registration = redis.call('HGET', KEYS[1], ARGV[1])
if not registration then return {'not_found'} end
if ARGV[3] == 'expired' then
  local expires = redis.call('ZSCORE', KEYS[10], ARGV[1])
  if not expires or tonumber(expires) > now_us() / 1000 then return {'registered'} end
end
local holder = redis.call('HGET', KEYS[5], ARGV[1])
if holder and holder ~= ARGV[2] then return {'held', holder} end

if holder then
  redis.call('HDEL', KEYS[5], ARGV[1])
  redis.call('HDEL', KEYS[7], cjson.decode(holder).actor)
end
local order = redis.call('ZSCORE', KEYS[3], ARGV[1])
if order then
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('ZREM', KEYS[4], string.format('%s %016d %s', cjson.decode(registration).node, order, ARGV[1]))
end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[10], ARGV[1])
return {'removed'}
