-- Put before the scripts that wait or wake: waiters, first come first served.
-- A queue is a sorted set of waiters by the time at which they came, and a hash
-- of what each has: until when it is believed to be there, in µs, and the
-- channel on which it is woken. A waiter that asks no more is passed over.

local function now_us()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- The waiter in front, if any, and its channel.
local function first_waiter(queue, waiting, now)
  while true do
    local id = redis.call('ZRANGE', queue, 0, 0)[1]
    if not id then return nil end
    local there = redis.call('HGET', waiting, id)
    local expires, channel = string.match(there or '', '^(%d+) (.+)$')
    if expires and tonumber(expires) >= now then return id, channel end
    redis.call('ZREM', queue, id)
    redis.call('HDEL', waiting, id)
  end
end

local function wake_first(queue, waiting, now)
  local id, channel = first_waiter(queue, waiting, now)
  if id then redis.call('PUBLISH', channel, id) end
end

-- Keeps the place of one that has one.
local function wait_in(queue, waiting, now, id, channel, lifetime_ms)
  redis.call('ZADD', queue, 'NX', string.format('%.0f', now), id)
  redis.call('HSET', waiting, id, string.format('%.0f %s', now + lifetime_ms * 1000, channel))
  -- Nothing is left of a queue that everybody has left without a word.
  redis.call('PEXPIRE', queue, lifetime_ms * 2)
  redis.call('PEXPIRE', waiting, lifetime_ms * 2)
end

-- Returns whether it had a place.
local function leave(queue, waiting, id)
  redis.call('HDEL', waiting, id)
  return redis.call('ZREM', queue, id) == 1
end

