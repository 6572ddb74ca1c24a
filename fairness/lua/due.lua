-- due: recall fans who asked not to be called before a time that has come, a part at a time.
-- KEYS  state, line, recalled, deferred
-- ARGV  most
-- Returns 1 when there may be more of them, else 0. Whose place was not reached yet is called with it.
local state, line, recalled, deferred = unpack(KEYS)
local served, most = tonumber(call('HGET', state, 'served') or 0), tonumber(ARGV[1])
local due = call('ZRANGEBYSCORE', deferred, '-inf', clock(), 'LIMIT', 0, most)
for _, fan in ipairs(due) do
    local place = tonumber(call('ZSCORE', line, fan))
    if place and place <= served then call('ZADD', recalled, place, fan) end
    call('ZREM', deferred, fan)
end
return #due == most and 1 or 0
