-- collect: take in arrivals of another shard, of windows that are not closed yet.
-- KEYS  state, arrivals, visits, line
-- ARGV  end of the newest closed window µs, then fan, arrival µs, visit (JSON or empty) of each
-- Returns 1; or 0 when windows were closed meanwhile: then nothing changes.
local state, arrivals, visits, line = unpack(KEYS)
local rules = call('HMGET', state, 'closed_us', 'shut_us', 'tie_us')
if rules[1] ~= ARGV[1] then return 0 end
local shut, tie = tonumber(rules[2]), tonumber(rules[3])
for i = 2, #ARGV, 3 do
    local fan, at, visit = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    -- A shard that was lost may know a fan as new who has a place, or an earlier arrival.
    if not call('ZSCORE', line, fan) then
        call('ZADD', arrivals, 'LT', at, fan)
        if visit ~= '' then
            call('HSETNX', visits .. ':' .. window_of(tonumber(at), shut, tie), fan, visit)
        end
    end
end
return 1
