-- due: recall fans whose time to be called has come, and those whose lead's place was reached.
-- KEYS  state, line, apart, behind, recalled, deferred
-- ARGV  most
-- Returns 1 when there may be more of them, else 0. Whose place was not reached yet is called with it.
local state, line, apart, behind, recalled, deferred = unpack(KEYS)
local served, most = tonumber(call('HGET', state, 'served') or 0), tonumber(ARGV[1])
local due = call('ZRANGEBYSCORE', deferred, '-inf', clock(), 'LIMIT', 0, most)
for _, fan in ipairs(due) do
    local place = place_of(line, apart, fan)
    if place and place <= served then call('ZADD', recalled, place, fan) end
    call('ZREM', deferred, fan)
end
-- Few ever are, each by a person's decision.
local waiting = call('HGETALL', behind)
for i = 1, #waiting, 2 do
    local place = tonumber(call('ZSCORE', line, waiting[i + 1]))
    if place and place <= served then
        call('ZADD', recalled, place, waiting[i])
        call('HDEL', behind, waiting[i])
    end
end
return #due == most and 1 or 0
