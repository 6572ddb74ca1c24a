-- link: remember which fans share which attributes of one kind.
-- KEYS  linked, then links of each attribute
-- ARGV  seconds to live, most fans of one attribute that are packed; then for each attribute: field,
--       mark, fans of 16 bytes each in one text, how many other fans, those
-- Returns for each attribute how many fans of the sale have it now.
-- Mostly one fan has an attribute, and a key for each would cost ten times what is in it. So
-- records of 22 bytes, mark and fan, stand in a field with those of other attributes; what many
-- share goes on in a set of its own.
local linked, most, counts, at = KEYS[1], tonumber(ARGV[2]), {}, 3

-- The fans that a field has under a mark, and how many.
local function packed_under(text, mark)
    local fans, count, from = {}, 0, 1
    while true do
        local start = text:find(mark, from, true)
        if not start then return fans, count end
        if start % 22 == 1 then
            fans[text:sub(start + 6, start + 21)], count = true, count + 1
        end
        from = start + 1
    end
end

for i = 2, #KEYS do
    local field, mark, new = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local text = call('HGET', linked, field) or ''
    local fans, count = packed_under(text, mark)
    local added, others = { text }, { unpack(ARGV, at + 4, at + 3 + ARGV[at + 3]) }
    for start = 1, #new, 16 do
        local fan = new:sub(start, start + 15)
        if fans[fan] then -- recorded before
        elseif count < most then
            fans[fan], count = true, count + 1
            added[#added + 1] = mark .. fan
        else
            others[#others + 1] = '\0' .. fan
        end
    end
    if added[2] then call('HSET', linked, field, table.concat(added)) end
    if others[1] then
        call('SADD', KEYS[i], unpack(others))
        call('EXPIRE', KEYS[i], ARGV[1])
    end
    counts[i - 1] = count + call('SCARD', KEYS[i])
    at = at + 4 + ARGV[at + 3]
end
call('EXPIRE', linked, ARGV[1])
return counts
