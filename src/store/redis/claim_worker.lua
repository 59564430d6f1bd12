-- Claims a worker for an actor: the one that it holds already, else the one
-- that has been free longest, on the preferred node if that has one.
-- KEYS  as in register_worker.lua, 7 claims by actor
-- ARGV  1 actor, 2 fencing token, 3 preferred node or ''
-- Returns {'claimed', name, registration}, {'stale', token} if a newer token
--         has claimed, {'no_free_worker'} or {'no_worker'} in the pool at all
local name = redis.call('HGET', KEYS[7], ARGV[1])
if name then
  local token = cjson.decode(redis.call('HGET', KEYS[5], name)).fencing_token
  if token > tonumber(ARGV[2]) then return {'stale', string.format('%.0f', token)} end
else
  if ARGV[3] ~= '' then
    -- '!' comes right after ' '.
    local entry = redis.call('ZRANGEBYLEX', KEYS[4], '[' .. ARGV[3] .. ' ', '(' .. ARGV[3] .. '!', 'LIMIT', 0, 1)[1]
    if entry then name = string.match(entry, '^%S+ %S+ (.+)$') end
  end
  if not name then name = redis.call('ZRANGE', KEYS[3], 0, 0)[1] end
  if not name then return {redis.call('HLEN', KEYS[1]) == 0 and 'no_worker' or 'no_free_worker'} end
end

local registration = redis.call('HGET', KEYS[1], name)
local order = redis.call('ZSCORE', KEYS[3], name)
if order then
  redis.call('ZREM', KEYS[3], name)
  redis.call('ZREM', KEYS[4], string.format('%s %016d %s', cjson.decode(registration).node, order, name))
end
redis.call('HSET', KEYS[7], ARGV[1], name)
redis.call('HSET', KEYS[5], name, '{"actor":"' .. ARGV[1] .. '","fencing_token":' .. ARGV[2] .. '}')
return {'claimed', name, registration}
