-- Takes the lease on an actor and returns its record, in one round trip.
-- KEYS  1 the actor's record, 2 its lease
-- ARGV  1 TTL in ms, 2 the lease's value up to its fencing token,
--       3 a state in which there is nothing to do, or ''
-- Returns {'granted', token, time in µs, record}, {'idle', record},
--         {'held', value, expires in ms} or {'not_found'}; a record is a flat
--         list of fields and values.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {'not_found'} end
if state == ARGV[3] then return {'idle', redis.call('HGETALL', KEYS[1])} end

local value = redis.call('GET', KEYS[2])
if value then
  local expires = redis.call('PTTL', KEYS[2])
  if expires < 0 then
    -- Somebody wrote here by hand. Without an expiry the actor would be stuck.
    redis.call('PEXPIRE', KEYS[2], ARGV[1])
    expires = tonumber(ARGV[1])
  end
  return {'held', value, expires}
end

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
-- The floor by time: a failover that forgets the last tokens repeats none.
local token = math.max((tonumber(redis.call('HGET', KEYS[1], 'fencing_token')) or 0) + 1, now)
token = string.format('%.0f', token)
redis.call('HSET', KEYS[1], 'fencing_token', token)
redis.call('SET', KEYS[2], ARGV[2] .. token .. '}', 'PX', ARGV[1])
return {'granted', token, string.format('%.0f', now), redis.call('HGETALL', KEYS[1])}
