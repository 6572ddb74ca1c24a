-- sweep: take fans of a window whose places are all given out of the arrivals: the roll has them.
-- KEYS  state, windows, arrivals
-- ARGV  window, name of the order, then fans who have places; none: there are no more of them, and
--       the window is drawn
-- Returns 1; 0 when this is no longer to be done.
-- By name: ranges of time cost half, but the store shrinks a set that they empty in one long step.
local state, windows, arrivals = unpack(KEYS)
local window = ARGV[1]
local drawing = call('HMGET', state, 'drawing', 'drawing_order', 'drawing_done', 'drawing_total')
if call('HGET', windows, window) ~= 'committed' or drawing[1] ~= window
    or drawing[2] ~= ARGV[2] or drawing[3] ~= drawing[4] then return 0 end

if ARGV[3] then
    call('HINCRBY', state, 'moved', call('ZREM', arrivals, unpack(ARGV, 3)))
else
    call('HDEL', windows, window)
end
return 1
