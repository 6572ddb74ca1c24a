-- claim: note a short hold on all of these seats, unless one of them is taken.
-- KEYS  taken
-- ARGV  until µs, now µs, seat, seat …
-- Returns the seats that are taken; none when all were claimed.
local busy, now = {}, tonumber(ARGV[2])
for n = 3, #ARGV do
    local how = call('HGET', KEYS[1], ARGV[n])
    local ends = how and string.match(how, '^held:(%d+)$')
    if how and not (ends and tonumber(ends) <= now) then busy[#busy + 1] = ARGV[n] end
end
if #busy > 0 then return busy end
for n = 3, #ARGV do call('HSET', KEYS[1], ARGV[n], 'held:' .. ARGV[1]) end
return {}
