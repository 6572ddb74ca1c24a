-- screened: write the next part of what was decided about a window into the line.
-- KEYS  windows, merged, verdicts, decided, late
-- ARGV  window
-- Returns 1 when there may be another part; 0 when there is none: the window is screened.
local windows, merged, verdicts, decided, late = unpack(KEYS)
local window, parts = ARGV[1], decided .. ':' .. ARGV[1]
if call('HGET', windows, window) ~= 'decided' then return 0 end
local part = call('LPOP', parts)
if not part then
    call('HSET', windows, window, 'screened')
    return 0
end
part = cjson.decode(part)
for _, pair in ipairs(part.merges) do
    local fan, lead = pair[1], lead_of(merged, pair[2])
    -- Nobody leads themselves: a circle would have no place at all.
    if lead ~= fan then call('HSETNX', merged, fan, lead) end
end
for _, pair in ipairs(part.verdicts) do call('HSET', verdicts, pair[1], pair[2]) end
for _, pair in ipairs(part.late or {}) do call('HSET', late .. ':' .. window, pair[1], pair[2]) end
return 1
