-- Creates a worker or updates it; a claim on it stays.
-- KEYS  1 registrations by name, 2 names, 3 free workers by the order in which
--       they became free, 4 the same by node, 5 holders by name, 6 the counter
--       of that order, 7 claims by actor, 8 the queue for a free worker, 9 its
--       waiters, 10 when workers expire, by name
-- ARGV  1 name, 2 node, 3 registration (JSON), 4 TTL in ms, or 0 for ever
-- Returns {holder or '', when it expires in ms since 1970, or '0'}
local now = now_us()
local before = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
local expires = '0'
if ARGV[4] == '0' then
  redis.call('ZREM', KEYS[10], ARGV[1])
else
  expires = string.format('%.0f', math.floor(now / 1000) + tonumber(ARGV[4]))
  redis.call('ZADD', KEYS[10], expires, ARGV[1])
end
local holder = redis.call('HGET', KEYS[5], ARGV[1])
if holder then return {holder, expires} end

local order = redis.call('ZSCORE', KEYS[3], ARGV[1])
if order then
  -- Free already: it keeps its turn, on the node that it is on now.
  redis.call('ZREM', KEYS[4], string.format('%s %016d %s', cjson.decode(before).node, order, ARGV[1]))
else
  order = redis.call('INCR', KEYS[6])
  redis.call('ZADD', KEYS[3], order, ARGV[1])
  wake_first(KEYS[8], KEYS[9], now)
end
redis.call('ZADD', KEYS[4], 0, string.format('%s %016d %s', ARGV[2], order, ARGV[1]))
return {'', expires}
