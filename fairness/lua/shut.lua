-- shut: let nobody arrive any more, in this shard, before the end of the newest window that is over.
-- KEYS  state
-- ARGV  the line's status: a shard that was away when the organiser changed it follows now
-- Returns that end, µs, by this shard's clock; what it was while the shard waits for receipts, 0
-- when there is no line.
local state = KEYS[1]
local rules = call('HMGET', state, 'shut_us', 'tie_us', 'closed_us', 'last_us', 'grace_us', 'status')
if not rules[1] then return 0 end
if rules[6] ~= ARGV[1] then call('HSET', state, 'status', ARGV[1]) end
local shut, tie, from, now = tonumber(rules[1]), tonumber(rules[2]), tonumber(rules[3]), clock()
if rules[5] and now < tonumber(rules[5]) then return from end
local over = shut + math.floor((now - shut) / tie) * tie
if over < shut or over <= from then return from end
call('HSET', state, 'closed_us', over, 'last_us', math.max(tonumber(rules[4]), over - 1))
return over
