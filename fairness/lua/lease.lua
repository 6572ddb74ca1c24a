-- lease: take, lengthen or give back the right to tick.
-- KEYS  beat_lease, beat_number
-- ARGV  owner, length in ms, "hold" or "release"
-- Returns the holder's number when `owner` holds the lease afterwards, else 0.
local lease, number = unpack(KEYS)
local owner, length, act = unpack(ARGV)
local holder = call('GET', lease)
if holder and holder ~= owner then return 0 end
if act == 'release' then
    call('DEL', lease)
    return 0
end
if not holder then call('INCR', number) end
call('SET', lease, owner, 'PX', length)
return tonumber(call('GET', number))
