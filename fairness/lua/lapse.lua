-- lapse: end the turns whose time is over.
-- KEYS  turns, slots, inside, done
-- Returns how many ended.
local turns, slots, inside, done = unpack(KEYS)
local now = clock()
local over = call('ZRANGEBYSCORE', turns, '-inf', now)
for _, fan in ipairs(over) do
    call('ZREM', turns, fan)
    call('SREM', inside, fan)
    call('HSET', done, fan, 'lapsed')
end
call('ZREMRANGEBYSCORE', slots, '-inf', now)
return #over
