-- close: close every window that is over; from here on nobody can arrive in it.
-- KEYS  state, arrivals, windows
-- Returns the numbers of the windows just closed in which somebody arrived, in order.
local state, arrivals, windows = unpack(KEYS)
local rules = call('HMGET', state, 'shut_us', 'tie_us', 'closed_us', 'last_us',
    'grace_us')
-- After a loss nothing is closed until the fans with receipts had time to come back.
if not rules[1] or rules[5] then return {} end
local shut, tie, from, last =
    tonumber(rules[1]), tonumber(rules[2]), tonumber(rules[3]), tonumber(rules[4])

local over = shut + math.floor((clock() - shut) / tie) * tie
if over < shut or over <= from then return {} end

local closed = {}
while true do
    local arrival = call('ZRANGEBYSCORE', arrivals, from, beyond(over), 'WITHSCORES', 'LIMIT', 0, 1)
    if not arrival[1] then break end
    local window = window_of(tonumber(arrival[2]), shut, tie)
    call('HSET', windows, window, 'closed')
    closed[#closed + 1] = window
    from = shut + window * tie
end
call('HSET', state, 'closed_us', over, 'last_us', math.max(last, over - 1))
return closed
