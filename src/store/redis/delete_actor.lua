-- Deletes an actor's record, under a lease that goes with it.
-- KEYS  1 the record, 2 the lease, 3 the queue for it, 4 its waiters,
--       5 the events, 6 what workflow they are of, 7 those of the one before
-- ARGV  1 the lease's value
-- Returns {'deleted', record}, {'lost', lease value or ''} or {'not_found'}
local record = redis.call('HGETALL', KEYS[1])
if #record == 0 then return {'not_found'} end
local value = redis.call('GET', KEYS[2])
if value ~= ARGV[1] then return {'lost', value or ''} end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[5], KEYS[6], KEYS[7])
-- Whoever waits hears at once that there is no such actor.
wake_first(KEYS[3], KEYS[4], now_us())
return {'deleted', record}
