-- unite: let fans share another's place, as somebody decided; not who was called already.
-- KEYS  state, merged, verdicts, line, called, apart, behind, recalled, decisions
-- ARGV  code of the reason, lead, record of the verdict (JSON), then the fans
-- Returns how many were merged now; 'no line'. Who has no place yet, or shares one, is left as they
-- are. Writes to the stream: at_us; united: fan:lead; why.
local state, merged, verdicts, line, called, apart, behind, recalled, decisions = unpack(KEYS)
if call('EXISTS', state) == 0 then return 'no line' end
local lead, united = lead_of(merged, ARGV[2]), {}
if not place_of(line, apart, lead) then return 0 end
for i = 4, #ARGV do
    local fan = ARGV[i]
    -- Nobody leads themselves: a circle would have no place at all.
    if fan ~= lead and call('HEXISTS', merged, fan) == 0 and place_of(line, apart, fan)
        and not call('ZSCORE', called, fan) then
        call('HSET', merged, fan, lead)
        call('HSET', verdicts, fan, ARGV[3])
        call('HDEL', apart, fan)
        call('HDEL', behind, fan)
        call('ZREM', recalled, fan)
        united[#united + 1] = fan .. ':' .. lead
    end
end
if united[1] then
    call('XADD', decisions, '*', 'at_us', string.format('%.0f', clock()), 'fans', '', 'places', '',
        'passed', '', 'united', table.concat(united, ','), 'why', ARGV[1])
end
return #united
