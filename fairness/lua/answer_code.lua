-- answer_code: try a code on an open challenge. The right answer stays right when given again.
-- KEYS  challenge
-- ARGV  hash of the answer, most tries
-- Returns {outcome, way}: "right", "wrong", "spent" (too many tries) or "none" (no challenge, or
-- it has lapsed); and by which way the code was sent, if it is right.
local code = call('HGET', KEYS[1], 'code')
if not code then return { 'none', '' } end
if call('HEXISTS', KEYS[1], 'answered') == 0 then
    if call('HINCRBY', KEYS[1], 'tries', 1) > tonumber(ARGV[2]) then return { 'spent', '' } end
end
if code ~= ARGV[1] then return { 'wrong', '' } end
call('HSET', KEYS[1], 'answered', 1)
return { 'right', call('HGET', KEYS[1], 'way') or '' }
