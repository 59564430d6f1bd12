-- Creates an actor's record, unless there is one.
-- KEYS  1 the record
-- ARGV  1 the latest time, in µs, at which this may still be done, then fields
--       and values
-- Returns {'created', record}, {'exists'} or {'late'}
if redis.call('EXISTS', KEYS[1]) == 1 then return {'exists'} end
local time = redis.call('TIME')
-- See index_actor.lua: an index entry may be swept away after this.
if time[1] * 1000000 + time[2] > tonumber(ARGV[1]) then return {'late'} end
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], 'version', 1, 'fencing_token', 0, 'create_time_ms', now, 'update_time_ms', now, unpack(ARGV, 2))
return {'created', redis.call('HGETALL', KEYS[1])}
