-- admit: call the next places, never past the rate, the capacity or the stock.
-- KEYS  state, line, left, merged, verdicts, recalled, deferred, called, turns, slots, holding, decisions
-- ARGV  free seats, fans with a turn who held seats before those were counted, most to call now
-- Returns {1 when there may be more to do at once, else 0, then the fans called, in order}. The same
-- step writes the decision to the stream:
--   at_us; fans and places, comma-separated; passed: fan:why of those passed over.
local state, line, left, merged, verdicts, recalled, deferred, called, turns, slots, holding, decisions = unpack(KEYS)
local rules = call('HMGET', state, 'status', 'rate_per_s', 'capacity', 'turn_us', 'away_us',
    'served', 'bucket_us')
if rules[1] ~= 'open' then return { 0 } end
local rate, capacity, turn, away, served, bucket = tonumber(rules[2]), tonumber(rules[3]),
    tonumber(rules[4]), tonumber(rules[5]), tonumber(rules[6]), tonumber(rules[7])

-- The rate is a bucket that fills in a second; it is kept as the time since when it fills.
local now, price = clock(), 1000000 / rate
bucket = math.max(bucket, now - 1000000)
if bucket > now then -- the clock stepped back: start with an empty one
    bucket = now
    call('HSET', state, 'bucket_us', bucket)
end
-- Seats that somebody with a turn holds are not free any more: only the others still need one.
local most, seated = tonumber(ARGV[3]),
    math.min(tonumber(ARGV[2]), call('ZCOUNT', holding, beyond(now), '+inf'))
local room = math.min(
    most,
    math.floor((now - bucket) / price),
    capacity - call('ZCOUNT', slots, beyond(now), '+inf'),
    tonumber(ARGV[1]) - (call('ZCOUNT', turns, beyond(now), '+inf') - seated))
if room <= 0 then return { 0 } end

local fans, places, passed = {}, {}, {}
local function consider(fan, place)
    local verdict, later = verdict_of(verdicts, fan), tonumber(call('ZSCORE', deferred, fan))
    local why = call('SISMEMBER', left, fan) == 1 and 'left'
        or call('HEXISTS', merged, fan) == 1 and 'merged'
        or HELD_BACK[verdict] and verdict
        or later and later > now and 'deferred'
    if why then
        passed[#passed + 1] = fan .. ':' .. why
        return
    end
    fans[#fans + 1], places[#places + 1] = fan, place
    call('ZADD', called, 'NX', call('ZCARD', called) + 1, fan)
    call('ZADD', turns, now + turn, fan)
    call('ZADD', slots, now + math.min(away, turn), fan)
    if later then call('ZREM', deferred, fan) end
end

local ahead = {}
while #fans < room and #passed < most do
    local back = call('ZPOPMIN', recalled, room - #fans)
    if not back[1] then break end
    for i = 1, #back, 2 do consider(back[i], back[i + 1]) end
end
if #fans < room and #passed < most then
    -- Looking further than there is room makes up for those passed over.
    ahead = call('ZRANGEBYSCORE', line, beyond(served), '+inf', 'WITHSCORES', 'LIMIT', 0, room + most)
end
for i = 1, #ahead, 2 do
    if #fans == room then break end
    consider(ahead[i], ahead[i + 1])
    served = ahead[i + 1]
end

local more = (room == most or #passed >= most) and 1 or 0
if #fans + #passed == 0 then return { more } end
call('HSET', state, 'served', served, 'bucket_us', math.ceil(bucket + #fans * price))
call('XADD', decisions, '*', 'at_us', string.format('%.0f', now), 'fans', table.concat(fans, ','),
    'places', table.concat(places, ','), 'passed', table.concat(passed, ','))
return { more, unpack(fans) }
