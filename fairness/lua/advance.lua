-- advance: note how far a closed window has come; a step is never taken back.
-- KEYS  windows
-- ARGV  window, step
-- Returns 1 when the window moved on, 0 when it had come as far already.
local STEPS = { closed = 1, decided = 2, screened = 3, committed = 4 }
local windows = KEYS[1]
local window, step = unpack(ARGV)
local now = call('HGET', windows, window)
if not now or STEPS[step] <= STEPS[now] then return 0 end
call('HSET', windows, window, step)
return 1
