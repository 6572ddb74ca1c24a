-- place: give the next places to a part of a window's drawn order; what is placed stays.
-- KEYS  state, windows, arrivals, line, roll
-- ARGV  window, name of the order, fans in the order, fans before this part, then the fans
-- Returns how many places are new; or why not: 'uncommitted', 'too soon', 'other order'.
local state, windows, arrivals, line, roll = unpack(KEYS)
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
        'drawing_done', 0, 'drawing_total', total, 'swept_us', 0)
elseif drawing[2] ~= name then
    return 'other order'
end

local fans = { unpack(ARGV, 5 + math.max(0, done - before)) }
local until_now, new = before + #ARGV - 4, 0
if fans[1] then
    local next_place = from + until_now - #fans + 1
    local times, places = call('ZMSCORE', arrivals, unpack(fans)), {}
    for i, fan in ipairs(fans) do
        places[2 * i - 1], places[2 * i] = next_place + i - 1, fan
    end
    new = call('ZADD', line, 'NX', unpack(places))

    -- Their times go into the roll, where 128 stand in one field; `sweep` takes them out of the set.
    local i = 1
    while i <= #fans do
        local field = math.floor((next_place + i - 2) / 128)
        local there = (next_place + i - 2) % 128
        local packed = { (call('HGET', roll, field) or ''):sub(1, there * 7) }
        packed[2] = ('\0'):rep(there * 7 - #packed[1])
        repeat
            packed[#packed + 1] = struct.pack('>I7', tonumber(times[i] or 0))
            i = i + 1
        until i > #fans or (next_place + i - 2) % 128 == 0
        call('HSET', roll, field, table.concat(packed))
    end
    call('HSET', state, 'drawing_done', until_now)
end
return new
