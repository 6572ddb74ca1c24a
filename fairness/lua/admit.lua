-- admit: call the next places, never past the rate, the capacity or the stock.
-- KEYS  state, line, left, merged, verdicts, recalled, called, turns, slots, decisions
-- ARGV  free seats
-- Returns the fans called, in order. The same step writes the decision to the stream:
--   at_us; fans and places, comma-separated; passed: fan:why of those passed over.
local state, line, left, merged, verdicts, recalled, called, turns, slots, decisions = unpack(KEYS)
local rules = call('HMGET', state, 'status', 'rate_per_s', 'capacity', 'turn_us', 'away_us',
    'served', 'bucket_us')
if rules[1] ~= 'open' then return {} end
local rate, capacity, turn, away, served, bucket = tonumber(rules[2]), tonumber(rules[3]),
    tonumber(rules[4]), tonumber(rules[5]), tonumber(rules[6]), tonumber(rules[7])

-- The rate is a bucket that fills in a second; it is kept as the time since when it fills.
local now, price = clock(), 1000000 / rate
bucket = math.max(bucket, now - 1000000)
if bucket > now then -- the clock stepped back: start with an empty one
    bucket = now
    call('HSET', state, 'bucket_us', bucket)
end
local room = math.min(
    math.floor((now - bucket) / price),
    capacity - call('ZCOUNT', slots, beyond(now), '+inf'),
    tonumber(ARGV[1]) - call('ZCOUNT', turns, beyond(now), '+inf'))
if room <= 0 then return {} end

local fans, places, passed = {}, {}, {}
local function consider(fan, place)
    local verdict = verdict_of(verdicts, fan)
    local why = call('SISMEMBER', left, fan) == 1 and 'left'
        or call('HEXISTS', merged, fan) == 1 and 'merged'
        or HELD_BACK[verdict] and verdict
    if why then
        passed[#passed + 1] = fan .. ':' .. why
        return
    end
    fans[#fans + 1], places[#places + 1] = fan, place
    call('ZADD', called, 'NX', call('ZCARD', called) + 1, fan)
    call('ZADD', turns, now + turn, fan)
    call('ZADD', slots, now + math.min(away, turn), fan)
end

local back = call('ZPOPMIN', recalled, room)
for i = 1, #back, 2 do consider(back[i], back[i + 1]) end
-- Looking a little further than there is room for makes up for those passed over; should it not
-- be enough, the next tick goes on from there.
local ahead = call('ZRANGEBYSCORE', line, beyond(served), '+inf', 'WITHSCORES', 'LIMIT', 0, room + 500)
for i = 1, #ahead, 2 do
    if #fans == room then break end
    consider(ahead[i], ahead[i + 1])
    served = ahead[i + 1]
end

if #fans + #passed == 0 then return {} end
call('HSET', state, 'served', served, 'bucket_us', math.ceil(bucket + #fans * price))
call('XADD', decisions, '*', 'at_us', string.format('%.0f', now), 'fans', table.concat(fans, ','),
    'places', table.concat(places, ','), 'passed', table.concat(passed, ','))
return fans
