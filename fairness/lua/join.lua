-- join: give a fan an arrival, once.
-- KEYS  state, arrivals, visits, left, line, roll, apart
-- ARGV  fan, visit (JSON)
-- Returns {arrival µs, window, 1 when this call made it}; or why not: 'unknown', 'early', 'closed'.
local state, arrivals, visits, left, line, roll, apart = unpack(KEYS)
local fan, visit = unpack(ARGV)
local rules = call('HMGET', state, 'status', 'opens_at_us', 'ends_at_us', 'shut_us', 'tie_us',
    'last_us', 'served', 'shard', 'shards')
local status = rules[1]
local opens, ends, shut, tie, last, served, shard, shards = unpack(rules, 2, 9)
if not status then return 'unknown' end

local first = came(arrivals, line, roll, fan)
if first then
    -- Who left and comes back has their place again, unless it has been passed over.
    local place = place_of(line, apart, fan)
    if not place or place > tonumber(served) then call('SREM', left, fan) end
    return { first, window_of(first, tonumber(shut), tonumber(tie)), 0 }
end

-- Strictly increasing: equal scores would be sorted by name. `close` moves last_us to the end of
-- what it closes, so that nobody lands in a closed window, even when the clock steps back.
local at = math.max(clock(), tonumber(last) + 1)
-- Each of several shards gives times of its own, so that no two arrivals of a sale have the same.
if shards then at = at + (shard - at) % shards end
if at < tonumber(opens) then return 'early' end
if status == 'closed' or at >= tonumber(ends) then return 'closed' end
call('ZADD', arrivals, at, fan)
local window = window_of(at, tonumber(shut), tonumber(tie))
call('HSET', visits .. ':' .. window, fan, visit)
call('HSET', state, 'last_us', at)
return { at, window, 1 }
