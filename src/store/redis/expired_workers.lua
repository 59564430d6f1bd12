-- The workers that have not registered again in time.
-- KEYS  as in register_worker.lua
-- ARGV  1 how many at most
-- Returns {name, registration, holder or false, name, ...}
local now_ms = string.format('%.0f', math.floor(now_us() / 1000))
local rows = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[10], 0, now_ms, 'LIMIT', 0, ARGV[1])) do
  rows[#rows + 1] = name
  rows[#rows + 1] = redis.call('HGET', KEYS[1], name)
  rows[#rows + 1] = redis.call('HGET', KEYS[5], name)
end
return rows
