-- Adds to the event log of an actor's latest workflow, or of the one before,
-- whose end may be written late, and tells the watchers.
-- KEYS  1 the events by sequence, 2 what workflow they are of, 3 the events of
--       the workflow before, for those who have not read its end yet
-- ARGV  1 fencing token, 2 workflow id, 3 the step that runs, or '',
--       4 how many are kept, 5 for how many ms, 6 the watchers' channel,
--       then sequences and events
-- Returns {'ok'}, or {'stale'} if two newer workflows have begun
local last = tonumber(redis.call('HGET', KEYS[2], 'fencing_token')) or 0
local token = tonumber(ARGV[1])
local events = KEYS[1]
if token < last then
  if redis.call('HGET', KEYS[2], 'before') ~= ARGV[2] then return {'stale'} end
  events = KEYS[3]
else
  if token > last and redis.call('EXISTS', KEYS[1]) == 1 then
    redis.call('RENAME', KEYS[1], KEYS[3])
    redis.call('HSET', KEYS[2], 'before', redis.call('HGET', KEYS[2], 'workflow_id'))
  end
  redis.call('HSET', KEYS[2], 'fencing_token', ARGV[1], 'workflow_id', ARGV[2], 'step', ARGV[3])
end
for i = 7, #ARGV, 2 do redis.call('ZADD', events, ARGV[i], ARGV[i + 1]) end
redis.call('ZREMRANGEBYRANK', events, 0, -ARGV[4] - 1)
redis.call('PEXPIRE', events, ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('PUBLISH', ARGV[6], ARGV[2])
return {'ok'}
