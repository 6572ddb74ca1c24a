-- judge: set a verdict, or lift it; who is held back keeps their place, and is called first after.
-- KEYS  state, verdicts, line, apart, left, done, turns, slots, inside, holding, recalled
-- ARGV  fan, verdict, record (JSON)
-- Returns 1; 0 when there is no line.
local state, verdicts, line, apart, left, done, turns, slots, inside, holding, recalled = unpack(KEYS)
local fan, verdict, record = unpack(ARGV)
if call('EXISTS', state) == 0 then return 0 end
if verdict == 'admit' then
    call('HDEL', verdicts, fan)
else
    call('HSET', verdicts, fan, record)
end

local place = place_of(line, apart, fan)
if not place or place > tonumber(call('HGET', state, 'served')) then return 1 end
if HELD_BACK[verdict] then
    call('ZREM', recalled, fan)
    -- Their time must not run out while they may not enter.
    if call('SISMEMBER', inside, fan) == 0 then
        call('ZREM', turns, fan)
        call('ZREM', slots, fan)
        call('ZREM', holding, fan)
    end
elseif not call('ZSCORE', turns, fan) and call('HEXISTS', done, fan) == 0
    and call('SISMEMBER', left, fan) == 0 then
    call('ZADD', recalled, place, fan)
end
return 1
