-- Breaks a lease, whoever holds it, and wakes whoever waits for it.
-- KEYS  1 the record, 2 the lease, 3 the queue for it, 4 its waiters, 5 why
-- ARGV  1 the reason, 2 for how many ms its holder can still ask for it,
--       3 what a holder's channel begins with, before its life
-- Returns {'released', value, expires in ms}, {'free'} or {'not_found'}
if redis.call('EXISTS', KEYS[1]) == 0 then return {'not_found'} end
local value = redis.call('GET', KEYS[2])
if not value then return {'free'} end
local expires = redis.call('PTTL', KEYS[2])
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[5], value .. ARGV[1], 'PX', ARGV[2])
local decoded, lease = pcall(cjson.decode, value)
if decoded and type(lease) == 'table' and type(lease.life) == 'string' then
  -- It renews at once then, and learns why it cannot.
  redis.call('PUBLISH', ARGV[3] .. lease.life, tostring(lease.workflow_id))
end
wake_first(KEYS[3], KEYS[4], now_us())
return {'released', value, expires}
