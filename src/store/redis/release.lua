-- Deletes a lease if its value begins as given (with its workflow's id, which is
-- enough to tell it, also for an acquire whose answer never came), leaves the
-- queue for it, and wakes whoever is next.
-- KEYS  1 the lease, 2 the queue for it, 3 its waiters
-- ARGV  1 the value or its beginning, 2 workflow id
-- Returns {'released'} or {'lost'}
leave(KEYS[2], KEYS[3], ARGV[2])
local value = redis.call('GET', KEYS[1])
local mine = value and string.sub(value, 1, #ARGV[1]) == ARGV[1]
if mine then redis.call('DEL', KEYS[1]) end
-- Also for one that was woken and leaves instead of taking its turn.
if mine or not value then wake_first(KEYS[2], KEYS[3], now_us()) end
return {mine and 'released' or 'lost'}
