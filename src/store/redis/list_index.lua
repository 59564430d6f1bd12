-- One page of names in their order, with what is kept for each.
-- KEYS  1 the names (all of score 0), then hashes by name
-- ARGV  1 the name after which the page starts, or '', 2 how many
-- Returns {name, a value or false for each hash, name, ...}
local start = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local names = redis.call('ZRANGEBYLEX', KEYS[1], start, '+', 'LIMIT', 0, ARGV[2])
local rows = {}
for _, name in ipairs(names) do
  rows[#rows + 1] = name
  for i = 2, #KEYS do rows[#rows + 1] = redis.call('HGET', KEYS[i], name) end
end
return rows
