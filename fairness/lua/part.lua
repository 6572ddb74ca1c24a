-- part: give fans who share a place one of their own again, as somebody decided.
-- KEYS  state, merged, verdicts, line, apart, behind, recalled, decisions
-- ARGV  code of the reason, then the fans
-- Returns how many were parted now; 'no line'. Who was drawn a place has that; the others come right
-- behind the one whose place they shared. Writes to the stream: at_us; parted: fan:ahead; why.
local state, merged, verdicts, line, apart, behind, recalled, decisions = unpack(KEYS)
if call('EXISTS', state) == 0 then return 'no line' end
local served, parted = tonumber(call('HGET', state, 'served') or 0), {}
for i = 2, #ARGV do
    local fan = ARGV[i]
    if call('HEXISTS', merged, fan) == 1 then
        local lead = lead_of(merged, fan)
        local ahead = call('HGET', apart, lead) or lead
        call('HDEL', merged, fan)
        call('HDEL', verdicts, fan)
        local place = tonumber(call('ZSCORE', line, fan))
        if not place then
            call('HSET', apart, fan, ahead)
            call('HSET', behind, fan, ahead)
        elseif place <= served then
            call('ZADD', recalled, place, fan)
        end
        parted[#parted + 1] = fan .. ':' .. (place and fan or ahead)
    end
end
if parted[1] then
    call('XADD', decisions, '*', 'at_us', string.format('%.0f', clock()), 'fans', '', 'places', '',
        'passed', '', 'parted', table.concat(parted, ','), 'why', ARGV[1])
end
return #parted
