-- lapse: end turns whose time is over, a part of them at a time.
-- KEYS  turns, slots, inside, holding, done
-- ARGV  most
-- Returns 1 when there may be more of them, else 0.
local turns, slots, inside, holding, done = unpack(KEYS)
local most, now, more = tonumber(ARGV[1]), clock(), 0
local over = call('ZRANGEBYSCORE', turns, '-inf', now, 'LIMIT', 0, most)
if over[1] then
    local how = {}
    for i, fan in ipairs(over) do how[2 * i - 1], how[2 * i] = fan, 'lapsed' end
    call('ZREM', turns, unpack(over))
    call('SREM', inside, unpack(over))
    call('HSET', done, unpack(how))
end
if #over == most then more = 1 end
for _, key in ipairs({ slots, holding }) do
    local past = call('ZRANGEBYSCORE', key, '-inf', now, 'LIMIT', 0, most)
    if past[1] then call('ZREM', key, unpack(past)) end
    if #past == most then more = 1 end
end
return more
