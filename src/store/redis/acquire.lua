-- Takes the lease on an actor and returns its record, in one round trip; or
-- takes a place in the queue for it.
-- KEYS  1 the actor's record, 2 its lease, 3 the queue for it, 4 its waiters
-- ARGV  1 TTL in ms, 2 the lease's value up to its fencing token,
--       3 a state in which there is nothing to do, or '',
--       4 holder, 5 which life of the holder this is: a later one has the greater
--       name, 6 workflow id,
--       7 the channel to be woken on, or '' not to wait,
--       8 for how many ms a waiter is believed to be there,
--       9 'overtake' those who wait, or ''
-- Returns {'granted', token, time in µs, record}, {'idle', record},
--         {'held', value, expires in ms}, {'queued', how many are in front} or
--         {'not_found'}; a record is a flat list of fields and values.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {'not_found'} end

local now = now_us()
local value = redis.call('GET', KEYS[2])
if state == ARGV[3] then
  -- One that has waited may have been woken for its turn, and needs none.
  if leave(KEYS[3], KEYS[4], ARGV[6]) and not value then wake_first(KEYS[3], KEYS[4], now) end
  return {'idle', redis.call('HGETALL', KEYS[1])}
end
if value then
  local decoded, lease = pcall(cjson.decode, value)
  -- A former life of this holder has it: that one is dead, since names are unique. Not a later one: this request may
  -- be what the dead one had sent, and have been long on its way.
  local mine = decoded and type(lease) == 'table' and lease.holder == ARGV[4] and type(lease.life) == 'string'
    and lease.life < ARGV[5]
  if not mine then
    local expires = redis.call('PTTL', KEYS[2])
    if expires < 0 then
      -- Somebody wrote here by hand. Without an expiry the actor would be stuck.
      redis.call('PEXPIRE', KEYS[2], ARGV[1])
      expires = tonumber(ARGV[1])
    end
    if ARGV[7] ~= '' then wait_in(KEYS[3], KEYS[4], now, ARGV[6], ARGV[7], tonumber(ARGV[8])) end
    return {'held', value, expires}
  end
  redis.call('DEL', KEYS[2])
end

local first = first_waiter(KEYS[3], KEYS[4], now)
if first and first ~= ARGV[6] and ARGV[9] == '' then
  if ARGV[7] ~= '' then wait_in(KEYS[3], KEYS[4], now, ARGV[6], ARGV[7], tonumber(ARGV[8])) end
  -- It is free only now, and nobody else has told them.
  if value then wake_first(KEYS[3], KEYS[4], now) end
  return {'queued', redis.call('ZRANK', KEYS[3], ARGV[6]) or redis.call('ZCARD', KEYS[3])}
end
if first then leave(KEYS[3], KEYS[4], ARGV[6]) end

-- The floor by time: a failover that forgets the last tokens repeats none.
local token = math.max((tonumber(redis.call('HGET', KEYS[1], 'fencing_token')) or 0) + 1, now)
token = string.format('%.0f', token)
redis.call('HSET', KEYS[1], 'fencing_token', token)
redis.call('SET', KEYS[2], ARGV[2] .. token .. '}', 'PX', ARGV[1])
return {'granted', token, string.format('%.0f', now), redis.call('HGETALL', KEYS[1])}
