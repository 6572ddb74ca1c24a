-- place: give the next places to a part of a window's drawn order; what is placed stays.
-- KEYS  state, windows, line
-- ARGV  window, name of the order, fans in the order, fans before this part, then the fans
-- Returns how many places are new; or why not: 'uncommitted', 'too soon', 'other order'.
local state, windows, line = unpack(KEYS)
local window, name, total, before = unpack(ARGV, 1, 4)
local step = call('HGET', windows, window)
if not step then return 0 end -- drawn before
if step ~= 'committed' then return 'uncommitted' end
for _, other in ipairs(call('HKEYS', windows)) do
    if tonumber(other) < tonumber(window) then return 'too soon' end
end

-- All parts, and all who draw this window again, count from the same place.
local drawing = call('HMGET', state, 'drawing', 'drawing_order', 'drawing_from')
local from = drawing[3]
if drawing[1] ~= window then
    from = call('ZCARD', line)
    call('HSET', state, 'drawing', window, 'drawing_order', name, 'drawing_from', from)
elseif drawing[2] ~= name then
    return 'other order'
end

local new = 0
for i = 5, #ARGV do
    new = new + call('ZADD', line, 'NX', from + before + i - 4, ARGV[i])
end
if before + #ARGV - 4 == tonumber(total) then call('HDEL', windows, window) end
return new
