-- prelude: stands in front of every script; what several of them need.
local call = redis.call

-- The store's clock, µs. Places and turns never depend on anybody else's.
local function clock()
    local time = call('TIME')
    return time[1] * 1000000 + time[2]
end

-- An exclusive bound of a score. Lua itself would write 1.7e+15 and lose the last digits.
local function beyond(score)
    return string.format('(%.0f', score)
end

-- The number of the window of an arrival: 0 is the opening window, which is shut at `shut`.
local function window_of(at, shut, tie)
    if at < shut then return 0 end
    return 1 + math.floor((at - shut) / tie)
end

-- The fan whose place this fan shares: mostly their own.
local function lead_of(merged, fan)
    local lead = call('HGET', merged, fan)
    while lead do
        fan, lead = lead, call('HGET', merged, lead)
    end
    return fan
end

-- When a fan arrived, µs; nil when they never did. `place` wrote down who has a place: 128 times
-- of 7 bytes each in one field.
local function came(arrivals, line, roll, fan)
    local at = call('ZSCORE', arrivals, fan)
    if at then return tonumber(at) end
    local place = call('ZSCORE', line, fan)
    local times = place and call('HGET', roll, math.floor((place - 1) / 128))
    local start = place and (place - 1) % 128 * 7 + 1
    if not times or #times < start + 6 then return nil end
    at = struct.unpack('>I7', times, start)
    return at > 0 and at or nil
end

-- A fan's place: drawn for them, or right behind that of whom they shared one with; nil without.
local function place_of(line, apart, fan)
    local place = call('ZSCORE', line, fan)
    local ahead = not place and call('HGET', apart, fan)
    return tonumber(place or ahead and call('ZSCORE', line, ahead))
end

local function verdict_of(verdicts, fan)
    local record = call('HGET', verdicts, fan)
    return record and cjson.decode(record).verdict or 'admit'
end

-- The verdicts under which a fan keeps their place but is not called.
local HELD_BACK = { review = true, refuse = true }
