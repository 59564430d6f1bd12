-- Enters an actor's name in its namespace's index, before its record is
-- created in another slot. The stamp is new each time, so that whoever removes
-- an entry can tell whether it is still the one it has seen.
-- KEYS  1 the names, 2 their stamps
-- ARGV  1 the name
-- Returns the stamp: the time in µs
local time = redis.call('TIME')
local stamp = string.format('%.0f', time[1] * 1000000 + time[2])
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], stamp)
return stamp
