-- rouse: say whether a worker must be sent to a lane: something waits, and nobody is awake.
-- KEYS  lane, awake, pace; of one lane
-- ARGV  token of the worker, ms without a sign of life until it counts as dead, work if any
-- Returns 1 when a worker with this token is to be sent, else 0; how much waits; and how many ms a
--         batch took of late, 0 when nobody knows.
if ARGV[3] then call('XADD', KEYS[1], '*', 'work', ARGV[3]) end
local waiting = call('XLEN', KEYS[1])
if waiting == 0 then return {0, 0, 0} end
local sent = call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
return {sent and 1 or 0, waiting, tonumber(call('GET', KEYS[3]) or 0)}
