-- position: tell a fan where they stand.
-- KEYS  state, arrivals, merged, verdicts, line, roll, left, turns, inside, done, deferred, apart
-- ARGV  fan, and their arrival µs if another shard has it
-- Returns {state, verdict, lead or nil, window, place, served place, end of the turn, not before}:
-- what there is not is nil; just {'unknown'} for who never joined, {'no line'}.
local state, arrivals, merged, verdicts, line, roll, left, turns, inside, done, deferred, apart =
    unpack(KEYS)
local fan = ARGV[1]
local at = came(arrivals, line, roll, fan) or ARGV[2] and tonumber(ARGV[2])
if not at then return { call('EXISTS', state) == 1 and 'unknown' or 'no line' } end

local rules = call('HMGET', state, 'shut_us', 'tie_us', 'served')
local lead = lead_of(merged, fan)
local place, ends = place_of(line, apart, lead) or false, call('ZSCORE', turns, lead)
local standing = 'waiting_draw'
if call('HEXISTS', done, lead) == 1 or ends and tonumber(ends) <= clock() then
    standing = 'done'
elseif call('SISMEMBER', left, fan) == 1 or call('SISMEMBER', left, lead) == 1 then
    standing = 'left'
elseif ends then
    standing = call('SISMEMBER', inside, lead) == 1 and 'inside' or 'called'
elseif place then
    standing = 'in_line'
end
return { standing, verdict_of(verdicts, fan), lead ~= fan and lead,
    window_of(at, tonumber(rules[1]), tonumber(rules[2])), place, rules[3], ends,
    call('ZSCORE', deferred, lead) }
