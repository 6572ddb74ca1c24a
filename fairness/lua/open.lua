-- open: write down the rules of a line, once.
-- KEYS  state
-- ARGV  manifest (JSON), then field, value, field, value …
-- Returns the manifest that holds: the first one, however often asked.
local state = KEYS[1]
local first = call('HGET', state, 'manifest')
if first then return first end
call('HSET', state, 'manifest', unpack(ARGV))
return ARGV[1]
