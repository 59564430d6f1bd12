-- Reads the event log of an actor's latest workflow, or of the one before where
-- that is asked for.
-- KEYS  1 the record, 2 the lease, 3 the events, 4 what workflow they are of,
--       5 the events of the workflow before
-- ARGV  1 the sequence after which to read, 2 the workflow that is asked for, or ''
-- Returns {'events', workflow id or '', lease value or '', the last event of all
--         where none is after that sequence or '', event, ...} or {'not_found'}
if redis.call('EXISTS', KEYS[1]) == 0 then return {'not_found'} end
local of = redis.call('HMGET', KEYS[4], 'workflow_id', 'before')
local isBefore = ARGV[2] ~= '' and ARGV[2] == of[2]
local log = isBefore and KEYS[5] or KEYS[3]
local events = redis.call('ZRANGEBYSCORE', log, '(' .. ARGV[1], '+inf')
local last = #events == 0 and redis.call('ZRANGE', log, -1, -1)[1] or ''
return {'events', (isBefore and of[2] or of[1]) or '', redis.call('GET', KEYS[2]) or '', last, unpack(events)}
