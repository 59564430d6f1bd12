-- Deletes a lease if its value begins as given: with its workflow's id, which
-- is enough to tell it, also for an acquire whose answer never came.
-- KEYS  1 the lease
-- ARGV  1 the value or its beginning
-- Returns {'released'} or {'lost'}
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, #ARGV[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
  return {'released'}
end
return {'lost'}
