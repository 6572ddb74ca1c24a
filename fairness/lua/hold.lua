-- hold: note that seats are held until a time; what is sold or blocked stays so.
-- KEYS  taken
-- ARGV  until µs, seat, seat …
-- Returns nothing.
for i = 2, #ARGV do
    local now = call('HGET', KEYS[1], ARGV[i])
    if now ~= 'sold' and now ~= 'blocked' then
        call('HSET', KEYS[1], ARGV[i], 'held:' .. ARGV[1])
    end
end
