-- Reads the event log of an actor's latest workflow.
-- KEYS  1 the record, 2 the lease, 3 the events, 4 what workflow they are of
-- ARGV  1 the sequence after which to read
-- Returns {'events', workflow id or '', lease value or '', event, ...} or
--         {'not_found'}
if redis.call('EXISTS', KEYS[1]) == 0 then return {'not_found'} end
local events = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[1], '+inf')
return {'events', redis.call('HGET', KEYS[4], 'workflow_id') or '', redis.call('GET', KEYS[2]) or '', unpack(events)}
