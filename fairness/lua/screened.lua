-- screened: write down what screening decided about a closed window: all of it, once.
-- KEYS  windows, merged, verdicts
-- ARGV  window, how many merges, then fan, lead of each, then fan, record (JSON) of each verdict
-- Returns 1; or 0 when the window had come further already: then nothing changes.
local windows, merged, verdicts = unpack(KEYS)
local window, merges = ARGV[1], tonumber(ARGV[2])
if call('HGET', windows, window) ~= 'closed' then return 0 end
for i = 3, 2 + 2 * merges, 2 do
    local fan, lead = ARGV[i], lead_of(merged, ARGV[i + 1])
    -- Nobody leads themselves: a circle would have no place at all.
    if lead ~= fan then call('HSETNX', merged, fan, lead) end
end
for i = 3 + 2 * merges, #ARGV, 2 do
    call('HSET', verdicts, ARGV[i], ARGV[i + 1])
end
call('HSET', windows, window, 'screened')
return 1
