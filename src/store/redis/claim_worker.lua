-- Claims a worker for an actor: the one that it holds already, else the one
-- that has been free longest, on the preferred node if that has one; or takes
-- a place in the queue for one.
-- KEYS  as in register_worker.lua
-- ARGV  1 actor, 2 fencing token, 3 preferred node or '', 4 the channel to be
--       woken on, or '' not to wait, 5 for how many ms a waiter is believed
--       to be there
-- Returns {'claimed', name, registration}, {'stale', token} if a newer token
--         has claimed, {'no_free_worker'} or {'no_worker'} in the pool at all
local now = now_us()
local name = redis.call('HGET', KEYS[7], ARGV[1])
if name then
  local token = cjson.decode(redis.call('HGET', KEYS[5], name)).fencing_token
  if token > tonumber(ARGV[2]) then return {'stale', string.format('%.0f', token)} end
else
  -- Those in front of the queue come first: there must be a worker for each.
  first_waiter(KEYS[8], KEYS[9], now)
  local in_front = redis.call('ZRANK', KEYS[8], ARGV[1]) or redis.call('ZCARD', KEYS[8])
  if in_front < redis.call('ZCARD', KEYS[3]) then
    if ARGV[3] ~= '' then
      -- '!' comes right after ' '.
      local entry = redis.call('ZRANGEBYLEX', KEYS[4], '[' .. ARGV[3] .. ' ', '(' .. ARGV[3] .. '!', 'LIMIT', 0, 1)[1]
      if entry then name = string.match(entry, '^%S+ %S+ (.+)$') end
    end
    if not name then name = redis.call('ZRANGE', KEYS[3], 0, 0)[1] end
  end
  if not name then
    if redis.call('HLEN', KEYS[1]) == 0 then return {'no_worker'} end
    if ARGV[4] ~= '' then wait_in(KEYS[8], KEYS[9], now, ARGV[1], ARGV[4], tonumber(ARGV[5])) end
    return {'no_free_worker'}
  end
end
leave(KEYS[8], KEYS[9], ARGV[1])

local registration = redis.call('HGET', KEYS[1], name)
local order = redis.call('ZSCORE', KEYS[3], name)
if order then
  redis.call('ZREM', KEYS[3], name)
  redis.call('ZREM', KEYS[4], string.format('%s %016d %s', cjson.decode(registration).node, order, name))
end
redis.call('HSET', KEYS[7], ARGV[1], name)
redis.call('HSET', KEYS[5], name, '{"actor":"' .. ARGV[1] .. '","fencing_token":' .. ARGV[2] .. '}')
-- More may be free than this one: whoever is next need not wait for the next to be freed.
if redis.call('ZCARD', KEYS[3]) > 0 then wake_first(KEYS[8], KEYS[9], now) end
return {'claimed', name, registration}
