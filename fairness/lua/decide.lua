-- decide: fix what screening decided about a closed window, which was laid down aside; once.
-- KEYS  windows, decided
-- ARGV  window, what the laid down key's name ends in
-- Returns 1; or 0 when the window had come further already: then what was laid down is thrown away.
local windows, decided = unpack(KEYS)
local window, laid = ARGV[1], decided .. ARGV[2]
if call('HGET', windows, window) ~= 'closed' then
    call('UNLINK', laid)
    return 0
end
local fixed = decided .. ':' .. window
call('RENAME', laid, fixed)
call('PERSIST', fixed)
call('HSET', windows, window, 'decided')
return 1
