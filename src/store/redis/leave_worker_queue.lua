-- Gives up a place in the queue for a free worker. One that was woken and leaves
-- instead wakes the next.
-- KEYS  as in register_worker.lua
-- ARGV  1 actor
-- Returns {'left'}
leave(KEYS[8], KEYS[9], ARGV[1])
if redis.call('ZCARD', KEYS[3]) > 0 then wake_first(KEYS[8], KEYS[9], now_us()) end
return {'left'}
