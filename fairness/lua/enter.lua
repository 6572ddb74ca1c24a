-- enter: let a called fan into the shop; who shares a place shares its turn.
-- KEYS  state, merged, verdicts, turns, slots, inside, done
-- ARGV  fan
-- Returns the end of the turn, µs; or why not: a verdict, 'early', 'over', 'full', 'no line'.
local state, merged, verdicts, turns, slots, inside, done = unpack(KEYS)
if call('EXISTS', state) == 0 then return 'no line' end
local lead = lead_of(merged, ARGV[1])
for _, fan in ipairs({ ARGV[1], lead }) do
    local verdict = verdict_of(verdicts, fan)
    if HELD_BACK[verdict] or verdict == 'challenge' then return verdict end
end
if call('HEXISTS', done, lead) == 1 then return 'over' end
local now, ends = clock(), tonumber(call('ZSCORE', turns, lead))
if not ends then return 'early' end
if ends <= now then return 'over' end
if call('SISMEMBER', inside, lead) == 1 then return ends end

-- Who was away longer than their slot was kept takes a free one.
local slot = tonumber(call('ZSCORE', slots, lead) or 0)
local capacity = tonumber(call('HGET', state, 'capacity'))
if slot <= now and call('ZCOUNT', slots, beyond(now), '+inf') >= capacity then return 'full' end
call('ZADD', slots, ends, lead)
call('SADD', inside, lead)
return ends
