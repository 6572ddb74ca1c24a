-- collect: take in arrivals of another shard, of windows that are not closed yet.
-- KEYS  state, arrivals, visits, line
-- ARGV  end of the newest closed window µs, then fan, arrival µs, visit (JSON or empty) of each
-- Returns 1; or 0 when windows were closed meanwhile: then nothing changes.
local state, arrivals, visits, line = unpack(KEYS)
if call('HGET', state, 'closed_us') ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 3 do
    local fan, at, visit = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    -- A shard that was lost may know a fan as new who has a place, or an earlier arrival.
    if not call('ZSCORE', line, fan) then
        call('ZADD', arrivals, 'LT', at, fan)
        if visit ~= '' then call('HSETNX', visits, fan, visit) end
    end
end
return 1
