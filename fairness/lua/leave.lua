-- leave: take a fan out of the line of their own will; a turn they have is given on at once.
-- KEYS  state, arrivals, line, left, turns, slots, inside, holding, done
-- ARGV  fan, and 1 if another shard has their arrival
-- Returns 1 when they have left, now or before; 0 when there is nothing to leave; 'no line'.
local state, arrivals, line, left, turns, slots, inside, holding, done = unpack(KEYS)
local fan = ARGV[1]
if call('EXISTS', state) == 0 then return 'no line' end
if not (ARGV[2] or call('ZSCORE', arrivals, fan) or call('ZSCORE', line, fan))
    or call('HEXISTS', done, fan) == 1 then return 0 end
call('SADD', left, fan)
call('ZREM', turns, fan)
call('ZREM', slots, fan)
call('SREM', inside, fan)
call('ZREM', holding, fan)
return 1
