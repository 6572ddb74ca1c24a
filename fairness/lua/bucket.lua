-- bucket: take tokens from a bucket that holds as many as it gets in a second.
-- KEYS  bucket
-- ARGV  how many are wanted, how many it gets a second
-- Returns how many were taken.
local wanted, per_s = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local state = call('HMGET', KEYS[1], 'left', 'at_us')
local left, at = tonumber(state[1] or per_s), tonumber(state[2] or now)
left = math.min(per_s, left + math.max(now - at, 0) * per_s / 1000000)
local taken = math.min(wanted, math.floor(left))
call('HSET', KEYS[1], 'left', tostring(left - taken), 'at_us', string.format('%d', now))
call('EXPIRE', KEYS[1], 60)
return taken
