-- back: let who left and joins again have their place again, unless it has been passed over.
-- KEYS  state, left, line
-- ARGV  fan
-- Returns nothing.
local state, left, line = unpack(KEYS)
local place = tonumber(call('ZSCORE', line, ARGV[1]))
if not place or place > tonumber(call('HGET', state, 'served')) then call('SREM', left, ARGV[1]) end
