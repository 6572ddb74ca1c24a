-- drop: forget a part of what the front door saw of the fans of a window.
-- KEYS  visits
-- ARGV  window, cursor, how many to look at
-- Returns the next cursor; '0' when nothing is left.
-- Bit by bit: half a gigabyte that is freed at once keeps the store's memory busy for seconds.
local key = KEYS[1] .. ':' .. ARGV[1]
local found = call('HSCAN', key, ARGV[2], 'COUNT', ARGV[3], 'NOVALUES')
if found[2][1] then call('HDEL', key, unpack(found[2])) end
return found[1]
