-- done: remove work that need not be done again, and note how long its batch took.
-- KEYS  lane, pace; of one lane
-- ARGV  ms that the batch took, ms to remember the pace for, ids of the work
-- Returns how much was removed.
local before = tonumber(call('GET', KEYS[2]) or ARGV[1])
call('SET', KEYS[2], math.floor((3 * before + ARGV[1]) / 4), 'PX', ARGV[2])
return call('XDEL', KEYS[1], unpack(ARGV, 3))
