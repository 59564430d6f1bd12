-- Renews a lease if it is still this one and the request is not late.
-- KEYS  1 the lease, 2 why it was broken by force, if it was
-- ARGV  1 its value, 2 TTL in ms, 3 the latest time, in µs, at which the
--       request may still be carried out: its sender has given up after that
-- Returns {'renewed', time}, {'late', time}, {'broken', reason} or
--         {'lost', value or ''}
local value = redis.call('GET', KEYS[1])
if value ~= ARGV[1] then
  local broken = redis.call('GET', KEYS[2])
  if broken and string.sub(broken, 1, #ARGV[1]) == ARGV[1] then return {'broken', string.sub(broken, #ARGV[1] + 1)} end
  return {'lost', value or ''}
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if now > tonumber(ARGV[3]) then return {'late', string.format('%.0f', now)} end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'renewed', string.format('%.0f', now)}
