-- close: close every window that is over; from here on nobody can arrive in it.
-- KEYS  state, arrivals, windows
-- ARGV  none; or, with several shards: µs before which all of them are shut
-- Returns {1 when there may be more to close, else 0, then the numbers of the windows just closed
-- in which somebody arrived, in order}.
local MOST = 200 -- in one step; after a long absence there may be thousands
local state, arrivals, windows = unpack(KEYS)
local rules = call('HMGET', state, 'shut_us', 'tie_us', 'closed_us', 'last_us',
    'grace_us')
-- After a loss nothing is closed until the fans with receipts had time to come back.
if not rules[1] or rules[5] then return { 0 } end
local shut, tie, from, last =
    tonumber(rules[1]), tonumber(rules[2]), tonumber(rules[3]), tonumber(rules[4])

local over = shut + math.floor((clock() - shut) / tie) * tie
if ARGV[1] then over = math.min(over, tonumber(ARGV[1])) end
if over < shut or over <= from then return { 0 } end

local closed = { 0 }
while closed[1] == 0 do
    local arrival = call('ZRANGEBYSCORE', arrivals, from, beyond(over), 'WITHSCORES', 'LIMIT', 0, 1)
    if not arrival[1] then
        from = over
        break
    end
    local window = window_of(tonumber(arrival[2]), shut, tie)
    call('HSET', windows, window, 'closed')
    closed[#closed + 1] = window
    from = shut + window * tie
    if #closed > MOST then closed[1] = 1 end
end
call('HSET', state, 'closed_us', from, 'last_us', math.max(last, over - 1))
return closed
