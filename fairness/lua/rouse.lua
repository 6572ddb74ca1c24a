-- rouse: say whether a worker must be sent to a lane: something waits, and nobody is awake.
-- KEYS  lane, awake; of one lane
-- ARGV  token of the worker, ms without a sign of life until it counts as dead, work if any
-- Returns 1 when a worker with this token is to be sent, else 0; and how much waits.
if ARGV[3] then call('XADD', KEYS[1], '*', 'work', ARGV[3]) end
local waiting = call('XLEN', KEYS[1])
if waiting == 0 then return {0, 0} end
return {call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0, waiting}
