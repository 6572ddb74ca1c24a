-- admit: call the next places, never past the rate, the capacity or the stock.
-- KEYS  state, line, left, merged, verdicts, recalled, deferred, called, turns, slots, holding, decisions
-- ARGV  free seats, fans with a turn who held seats before those were counted, most to call now
-- Returns {1 when there may be more to do at once, else 0, then the fans called, in order}. Writes to
-- the stream: at_us; fans and places, comma-separated; passed: fan:why of those passed over.
local state, line, left, merged, verdicts, recalled, deferred, called, turns, slots, holding, decisions = unpack(KEYS)
local rules = call('HMGET', state, 'status', 'rate_per_s', 'capacity', 'turn_us', 'away_us', 'served', 'bucket_us')
if rules[1] ~= 'open' then return { 0 } end
for i = 2, 7 do rules[i] = tonumber(rules[i]) end
local rate, capacity, turn, away, served, bucket = unpack(rules, 2)

-- The rate is a bucket that fills in a second; it is kept as the time since when it fills.
local now, price = clock(), 1000000 / rate
bucket = math.max(bucket, now - 1000000)
if bucket > now then -- the clock stepped back: start with an empty one
    bucket = now
    call('HSET', state, 'bucket_us', bucket)
end
-- Seats that somebody with a turn holds are not free any more: only the others still need one.
local most, seated = tonumber(ARGV[3]), math.min(tonumber(ARGV[2]), call('ZCOUNT', holding, beyond(now), '+inf'))
local room = math.min(most, math.floor((now - bucket) / price),
    capacity - call('ZCOUNT', slots, beyond(now), '+inf'),
    tonumber(ARGV[1]) - (call('ZCOUNT', turns, beyond(now), '+inf') - seated))
if room <= 0 then return { 0 } end

local fans, places, passed = {}, {}, {}
-- Call or pass over these fans, given with their places, until there is no room.
local function consider(pairs)
    local names = {}
    for i = 1, #pairs, 2 do names[#names + 1] = pairs[i] end
    local gone, leads = call('SMISMEMBER', left, unpack(names)), call('HMGET', merged, unpack(names))
    local records, later = call('HMGET', verdicts, unpack(names)), call('ZMSCORE', deferred, unpack(names))
    for i, fan in ipairs(names) do
        local verdict = records[i] and cjson.decode(records[i]).verdict
        local why = gone[i] == 1 and 'left' or leads[i] and 'merged' or HELD_BACK[verdict] and verdict
            or later[i] and tonumber(later[i]) > now and 'deferred'
        if why then passed[#passed + 1] = fan .. ':' .. why
        else fans[#fans + 1], places[#places + 1] = fan, pairs[2 * i] end
        if #fans == room then return pairs[2 * i] end
    end
    return pairs[#pairs]
end

while #fans < room and #passed < most do
    local back = call('ZPOPMIN', recalled, room - #fans)
    if not back[1] then break end
    consider(back)
end
if #fans < room and #passed < most then
    -- Looking further than there is room makes up for those passed over.
    local ahead = call('ZRANGEBYSCORE', line, beyond(served), '+inf', 'WITHSCORES', 'LIMIT', 0, room + 20)
    if ahead[1] then served = consider(ahead) end
end
if fans[1] then
    local ends, lapses, number = {}, {}, call('ZCARD', called)
    for i, known in ipairs(call('ZMSCORE', called, unpack(fans))) do
        if not known then number = number + 1; call('ZADD', called, number, fans[i]) end
        ends[2 * i - 1], ends[2 * i] = now + turn, fans[i]
        lapses[2 * i - 1], lapses[2 * i] = now + math.min(away, turn), fans[i]
    end
    call('ZADD', turns, unpack(ends))
    call('ZADD', slots, unpack(lapses))
    call('ZREM', deferred, unpack(fans))
end

if #fans + #passed == 0 then return { 0 } end
call('HSET', state, 'served', served, 'bucket_us', math.ceil(bucket + #fans * price))
call('XADD', decisions, '*', 'at_us', string.format('%.0f', now), 'fans', table.concat(fans, ','),
    'places', table.concat(places, ','), 'passed', table.concat(passed, ','))
return { (#fans == most or #passed >= 20) and 1 or 0, unpack(fans) }
