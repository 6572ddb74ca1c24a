-- issue_code: open a challenge, or give an open one a new code.
-- KEYS  challenge
-- ARGV  hash of the code, most codes, seconds to live, by which way it is sent
-- Returns 1; 0 when too many codes were issued for it already.
if call('HINCRBY', KEYS[1], 'issued', 1) > tonumber(ARGV[2]) then return 0 end
call('HSET', KEYS[1], 'code', ARGV[1], 'tries', 0, 'way', ARGV[4])
call('HDEL', KEYS[1], 'answered')
call('EXPIRE', KEYS[1], ARGV[3])
return 1
