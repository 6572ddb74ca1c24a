-- defer: note before which time a fan asks not to be called; the place is kept.
-- KEYS  state, arrivals, merged, line, apart, left, recalled, deferred, deferrals, turns, done, decisions
-- ARGV  fan, not before µs (0: no longer asked), how often a fan may ask, and 1 if another shard has
--       their arrival
-- Returns the time that holds, µs; or why not: 'no line', 'unknown', 'past', 'late', 'left',
-- 'called', 'often'. The same step writes the decision to the stream: at_us; deferred: fan:µs.
local state, arrivals, merged, line, apart, left, recalled, deferred, deferrals, turns, done, decisions =
    unpack(KEYS)
local rules = call('HMGET', state, 'ends_at_us', 'served')
if not rules[1] then return 'no line' end
if not (ARGV[4] or call('ZSCORE', arrivals, ARGV[1]) or call('ZSCORE', line, ARGV[1])) then
    return 'unknown'
end
local fan, wanted, now = lead_of(merged, ARGV[1]), tonumber(ARGV[2]), clock()
if call('SISMEMBER', left, ARGV[1]) == 1 or call('SISMEMBER', left, fan) == 1 then return 'left' end
if call('ZSCORE', turns, fan) or call('HEXISTS', done, fan) == 1 then return 'called' end
if wanted > 0 and wanted <= now then return 'past' end
if wanted >= tonumber(rules[1]) then return 'late' end
if wanted == (tonumber(call('ZSCORE', deferred, fan)) or 0) then return ARGV[2] end
-- Every change is an entry of the public log.
if wanted > 0 and call('HINCRBY', deferrals, fan, 1) > tonumber(ARGV[3]) then return 'often' end

if wanted > 0 then
    call('ZADD', deferred, ARGV[2], fan)
    call('ZREM', recalled, fan)
else
    call('ZREM', deferred, fan)
    local place = place_of(line, apart, fan)
    if place and place <= tonumber(rules[2]) then call('ZADD', recalled, place, fan) end
end
call('XADD', decisions, '*', 'at_us', string.format('%.0f', now), 'fans', '', 'places', '',
    'passed', '', 'deferred', fan .. ':' .. ARGV[2])
return ARGV[2]
