-- correct: set how seats are taken, where nobody has written since it was found to be wrong.
-- KEYS  taken
-- ARGV  for each seat: seat, what the cache said, what it must say; '' for a free seat
-- Returns how many were set.
local set = 0
for n = 1, #ARGV, 3 do
    local seat, said, must = ARGV[n], ARGV[n + 1], ARGV[n + 2]
    if (call('HGET', KEYS[1], seat) or '') == said then
        if must == '' then call('HDEL', KEYS[1], seat) else call('HSET', KEYS[1], seat, must) end
        set = set + 1
    end
end
return set
