-- control: change what an organiser may change about a line that is open.
-- KEYS  state
-- ARGV  field, value, field, value …
-- Returns 1, or 0 when there is no such line.
if call('EXISTS', KEYS[1]) == 0 then return 0 end
call('HSET', KEYS[1], unpack(ARGV))
return 1
