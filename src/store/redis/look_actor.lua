-- Reads a record with its lease and the step that runs, as they are together.
-- KEYS  1 the record, 2 the lease, 3 what workflow the event log is of
-- Returns {'actor', record, lease value or '', expires in ms, workflow id of
--         the log or '', its step or '', time in ms} or {'not_found'}
local record = redis.call('HGETALL', KEYS[1])
if #record == 0 then return {'not_found'} end
local log = redis.call('HMGET', KEYS[3], 'workflow_id', 'step')
return {'actor', record, redis.call('GET', KEYS[2]) or '', redis.call('PTTL', KEYS[2]), log[1] or '', log[2] or '',
  string.format('%.0f', math.floor(now_us() / 1000))}
