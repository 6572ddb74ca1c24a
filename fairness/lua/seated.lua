-- seated: note that a fan with a turn holds seats, so that admission does not keep one free for them.
-- KEYS  merged, turns, holding
-- ARGV  fan, until µs; 0 when they hold none any more
-- Returns nothing.
local merged, turns, holding = unpack(KEYS)
local fan, held = lead_of(merged, ARGV[1]), tonumber(ARGV[2])
local ends = tonumber(call('ZSCORE', turns, fan))
if held == 0 then
    call('ZREM', holding, fan)
elseif ends then
    call('ZADD', holding, 'GT', string.format('%.0f', math.min(held, ends)), fan)
end
