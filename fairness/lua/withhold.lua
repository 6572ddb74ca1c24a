-- withhold: hold places that turned out, with a later window, to be of too many accounts; each once.
-- KEYS  state, merged, verdicts, called, left, apart, recalled, many, late, decisions
-- ARGV  window, most to look at now
-- Returns 1 when there may be more of this window, else 0. Who was called meanwhile, left, shares a
-- place or was given one of their own by a person is left as they are; and who was told before.
-- Writes to the stream, for each: at_us; held: fan; rules.
local state, merged, verdicts, called, left, apart, recalled, many, late, decisions = unpack(KEYS)
late = late .. ':' .. ARGV[1]
local waiting = call('HRANDFIELD', late, ARGV[2], 'WITHVALUES')
for i = 1, #waiting, 2 do
    local fan, findings = waiting[i], waiting[i + 1]
    local first = call('SADD', many, fan) == 1
    call('HDEL', late, fan)
    local record = cjson.decode(call('HGET', verdicts, fan) or '{"findings":[]}')
    if first and findings ~= '' and not HELD_BACK[record.verdict] and not call('ZSCORE', called, fan)
        and call('SISMEMBER', left, fan) == 0 and call('HEXISTS', merged, fan) == 0
        and call('HEXISTS', apart, fan) == 0 then
        local rules = {}
        for _, finding in ipairs(cjson.decode(findings)) do table.insert(record.findings, finding) end
        for n, finding in ipairs(record.findings) do rules[n] = finding.rule end
        record.verdict = 'review'
        call('HSET', verdicts, fan, cjson.encode(record))
        call('ZREM', recalled, fan)
        call('XADD', decisions, '*', 'at_us', string.format('%.0f', clock()), 'fans', '', 'places', '',
            'passed', '', 'held', fan, 'rules', table.concat(rules, ','))
    end
end
return #waiting == 2 * tonumber(ARGV[2]) and 1 or 0
