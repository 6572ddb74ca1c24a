-- rebuilt: put a line that was prepared aside into its place, all of it at one moment, once.
-- KEYS  state, arrivals, merged, apart, behind, verdicts, windows, line, roll, called, left, recalled, deferred, turns, slots, inside, holding, done, decisions, rebuilding
-- ARGV  what the prepared keys' names end in
-- Returns 1; or 0 when there is a line: then what was prepared is thrown away.
local there = call('HEXISTS', KEYS[1], 'manifest') == 1
for i = 1, #KEYS - 1 do
    local prepared = KEYS[i] .. ARGV[1]
    if there then
        call('UNLINK', prepared)
    elseif call('EXISTS', prepared) == 1 then
        call('RENAME', prepared, KEYS[i])
        call('PERSIST', KEYS[i])
    else
        call('UNLINK', KEYS[i])
    end
end
call('DEL', KEYS[#KEYS])
if there then return 0 end
-- From here on time goes forward: no new arrival falls among those that may still be given back.
local now = clock()
local last = math.max(now - 1, tonumber(call('HGET', KEYS[1], 'last_us')))
call('HSET', KEYS[1], 'rebuilt_us', last + 1, 'last_us', last)
return 1
