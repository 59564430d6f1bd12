-- Frees the worker that an actor holds, unless a newer token has claimed it.
-- KEYS  as in register_worker.lua
-- ARGV  1 actor, 2 fencing token
-- Returns {'freed', name}, {'newer', token} or {'nothing'} was held
local name = redis.call('HGET', KEYS[7], ARGV[1])
if not name then return {'nothing'} end
local token = cjson.decode(redis.call('HGET', KEYS[5], name)).fencing_token
if token > tonumber(ARGV[2]) then return {'newer', string.format('%.0f', token)} end

redis.call('HDEL', KEYS[7], ARGV[1])
redis.call('HDEL', KEYS[5], name)
-- Last in the line: the next claim takes another one if there is any, so that
-- a worker which fails is not tried first again.
local order = redis.call('INCR', KEYS[6])
redis.call('ZADD', KEYS[3], order, name)
redis.call('ZADD', KEYS[4], 0, string.format('%s %016d %s', cjson.decode(redis.call('HGET', KEYS[1], name)).node, order, name))
wake_first(KEYS[8], KEYS[9], now_us())
return {'freed', name}
