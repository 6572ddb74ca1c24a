-- finish: end a turn and free its slot at once.
-- KEYS  state, merged, turns, slots, inside, holding, done
-- ARGV  fan, reason
-- Returns 1 when a turn ended, 0 when there was none; 'no line'.
local state, merged, turns, slots, inside, holding, done = unpack(KEYS)
if call('EXISTS', state) == 0 then return 'no line' end
local fan = lead_of(merged, ARGV[1])
if call('ZREM', turns, fan) == 0 then return 0 end
call('ZREM', slots, fan)
call('SREM', inside, fan)
call('ZREM', holding, fan)
call('HSET', done, fan, ARGV[2])
return 1
