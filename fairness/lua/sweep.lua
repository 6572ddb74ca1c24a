-- sweep: take the fans of a drawn window out of the arrivals, as their times are in the roll.
-- KEYS  state, windows, arrivals, line
-- ARGV  window, its first µs, its last
-- Returns 1 when there may be more to do; 0 when it is done: then the window is drawn.
-- Bit by bit in the order of time, which costs a tenth of taking them out in the order of the draw.
local MOST = 250
local state, windows, arrivals, line = unpack(KEYS)
local window, start, last = unpack(ARGV)
local drawing = call('HMGET', state, 'drawing', 'drawing_done', 'drawing_total', 'swept_us')
if call('HGET', windows, window) ~= 'committed' or drawing[1] ~= window
    or drawing[2] ~= drawing[3] then return 0 end

start = tonumber(drawing[4]) > 0 and '(' .. drawing[4] or start
local found = call('ZRANGEBYSCORE', arrivals, start, last, 'WITHSCORES', 'LIMIT', 0, MOST)
if not found[1] then
    call('HDEL', windows, window)
    return 0
end
local fans, moved = {}, 0
for i = 1, #found, 2 do fans[#fans + 1] = found[i] end
local places = call('ZMSCORE', line, unpack(fans))
local first -- of a run of fans with places; who shares another's place stays where they are
for i = 1, #fans + 1 do
    if places[i] then
        first = first or i
    elseif first then
        moved = moved + call('ZREMRANGEBYSCORE', arrivals, found[2 * first], found[2 * i - 2])
        first = nil
    end
end
call('HINCRBY', state, 'moved', moved)
call('HSET', state, 'swept_us', found[#found])
return 1
