-- sweep: take fans of a window whose places are all given out of the arrivals: the roll has them.
-- KEYS  state, windows, arrivals
-- ARGV  window, name of the order, then the first µs and the last of runs of arrivals, each of a fan
--       who has a place; none: there are no more of them, and the window is drawn
-- Returns 1; 0 when this is no longer to be done.
-- By ranges of time, which costs a tenth of taking them out one by one.
local state, windows, arrivals = unpack(KEYS)
local window = ARGV[1]
local drawing = call('HMGET', state, 'drawing', 'drawing_order', 'drawing_done', 'drawing_total')
if call('HGET', windows, window) ~= 'committed' or drawing[1] ~= window
    or drawing[2] ~= ARGV[2] or drawing[3] ~= drawing[4] then return 0 end

local moved = 0
for i = 3, #ARGV, 2 do
    moved = moved + call('ZREMRANGEBYSCORE', arrivals, ARGV[i], ARGV[i + 1])
end
if moved > 0 then call('HINCRBY', state, 'moved', moved) end
if not ARGV[3] then call('HDEL', windows, window) end
return 1
