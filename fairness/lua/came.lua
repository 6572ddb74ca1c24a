-- came: tell when fans arrived.
-- KEYS  arrivals, line, roll
-- ARGV  fan, fan …
-- Returns for each the arrival µs, or nil.
local arrivals, line, roll = unpack(KEYS)
local times = {}
for i, fan in ipairs(ARGV) do
    local at = came(arrivals, line, roll, fan)
    times[i] = at and string.format('%.0f', at) or false
end
return times
