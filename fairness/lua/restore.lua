-- restore: give a fan back the arrival that was promised to them and was lost with the store.
-- KEYS  state, arrivals, visits, line
-- ARGV  fan, visit (JSON), promised µs
-- Returns {arrival µs, window, 1 when they had none}; nothing when there is nothing to give back:
-- the line was not lost since, the window is committed, or an arrival as early is there.
local state, arrivals, visits, line = unpack(KEYS)
local fan, visit, at = ARGV[1], ARGV[2], tonumber(ARGV[3])
local rules = call('HMGET', state, 'rebuilt_us', 'closed_us', 'shut_us', 'tie_us', 'status')
local rebuilt, closed = tonumber(rules[1]), tonumber(rules[2])
if not rebuilt or rules[5] == 'closed' or at >= rebuilt or at < closed then return false end

if call('ZSCORE', line, fan) then return false end
local other = tonumber(call('ZSCORE', arrivals, fan))
if other and (other <= at or other < closed) then return false end
call('ZADD', arrivals, ARGV[3], fan)
local window = window_of(at, tonumber(rules[3]), tonumber(rules[4]))
call('HSETNX', visits .. ':' .. window, fan, visit)
return { at, window, other and 0 or 1 }
