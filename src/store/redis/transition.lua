-- Writes one transition of an actor's record, fenced by its lease.
-- KEYS  1 the record, 2 the lease, 3 the queue for it, 4 its waiters
-- ARGV  1 the lease's value, 2 the mark of this write: workflow id and name,
--       3 the state to write, 4 'release' or 'keep' the lease,
--       5 n: how many states it may start from, then those,
--       then fields and values; an empty value removes the field
-- Returns {'ok', record}, {'lost', lease value or ''}, {'conflict', state} or
--         {'not_found'}
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {'not_found'} end
local lease = redis.call('GET', KEYS[2])

-- Its answer was lost and it is sent again: what was done is not done twice,
-- and says so even when the lease went with it.
local repeated = redis.call('HGET', KEYS[1], 'written_by') == ARGV[2]
if not repeated then
  if lease ~= ARGV[1] then return {'lost', lease or ''} end
  local expected = false
  for i = 6, 5 + ARGV[5] do
    if state == ARGV[i] then expected = true end
  end
  if not expected then return {'conflict', state} end

  redis.call('HSET', KEYS[1], 'state', ARGV[3], 'written_by', ARGV[2])
  for i = 6 + ARGV[5], #ARGV, 2 do
    if ARGV[i + 1] == '' then
      redis.call('HDEL', KEYS[1], ARGV[i])
    else
      redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    end
  end
  redis.call('HINCRBY', KEYS[1], 'version', 1)
  local now_ms = string.format('%.0f', math.floor(now_us() / 1000))
  redis.call('HSET', KEYS[1], 'update_time_ms', now_ms)
  if state ~= ARGV[3] then redis.call('HSET', KEYS[1], 'state_time_ms', now_ms) end
end
if ARGV[4] == 'release' and lease == ARGV[1] then
  redis.call('DEL', KEYS[2])
  wake_first(KEYS[3], KEYS[4], now_us())
end
return {'ok', redis.call('HGETALL', KEYS[1])}
