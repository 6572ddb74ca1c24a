-- place: give the next places to a part of a window's drawn order; what is placed stays.
-- KEYS  state, windows, line, roll
-- ARGV  window, name of the order, fans in the order, fans before this part, their arrival times as
--       the roll has them, then the fans
-- Returns how many places are new; or why not: 'uncommitted', 'too soon', 'other order'.
local state, windows, line, roll = unpack(KEYS)
local window, name, total, before = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local step = call('HGET', windows, window)
if not step then return 0 end -- drawn before
if step ~= 'committed' then return 'uncommitted' end

-- All parts, and all who draw this window again, count from the same place.
local drawing = call('HMGET', state, 'drawing', 'drawing_order', 'drawing_from', 'drawing_done')
local from, done = tonumber(drawing[3]), tonumber(drawing[4]) or 0
if drawing[1] ~= window then
    for _, other in ipairs(call('HKEYS', windows)) do
        if tonumber(other) < tonumber(window) then return 'too soon' end
    end
    from, done = call('ZCARD', line), 0
    call('HSET', state, 'drawing', window, 'drawing_order', name, 'drawing_from', from,
        'drawing_done', 0, 'drawing_total', total)
elseif drawing[2] ~= name then
    return 'other order'
end

local fans = { unpack(ARGV, 6 + math.max(0, done - before)) }
local until_now, new = before + #ARGV - 5, 0
if fans[1] then
    local next_place = from + until_now - #fans + 1
    local times, places = ARGV[5]:sub(-7 * #fans), {}
    for i, fan in ipairs(fans) do
        places[2 * i - 1], places[2 * i] = next_place + i - 1, fan
    end
    new = call('ZADD', line, 'NX', unpack(places))

    -- Their times go into the roll, where 128 stand in one field; `sweep` takes them out of the set.
    local from_byte = 1
    while from_byte <= #times do
        local at = next_place - 1 + (from_byte - 1) / 7
        local field, there = math.floor(at / 128), at % 128 * 7
        local known = (call('HGET', roll, field) or ''):sub(1, there)
        local part = times:sub(from_byte, from_byte + 128 * 7 - there - 1)
        call('HSET', roll, field, known .. ('\0'):rep(there - #known) .. part)
        from_byte = from_byte + #part
    end
    call('HSET', state, 'drawing_done', until_now)
end
return new
