-- merge: let fans share the place of another; the first merge of a fan stands.
-- KEYS  merged
-- ARGV  fan, lead, fan, lead …
-- Returns how many were merged now.
local merged, count = KEYS[1], 0
for i = 1, #ARGV, 2 do
    local fan, lead = ARGV[i], lead_of(KEYS[1], ARGV[i + 1])
    -- Nobody leads themselves: a circle would have no place at all.
    if lead ~= fan then count = count + call('HSETNX', merged, fan, lead) end
end
return count
