-- take: give the one worker of a lane what comes next, or let it go to sleep when nothing waits.
-- KEYS  lane, awake; of one lane
-- ARGV  token of the worker, how many at most, ms without a sign of life until it counts as dead
-- Returns the entries as XRANGE does; none when nothing waits, or another worker has the lane.
local who = call('GET', KEYS[2])
if who and who ~= ARGV[1] then return {} end
local found = call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[2])
if #found == 0 then
    call('DEL', KEYS[2])
else
    call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
end
return found
