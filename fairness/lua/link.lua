-- link: remember which fans have which things of one kind.
-- KEYS  linked, links
-- ARGV  seconds to live, most fans of one thing that are packed; then for each field: its number,
--       records in the order of their marks, 1 if each thing there has few enough fans to be packed,
--       how many other fans, then mark and name of each of those
-- Returns for each thing with another number of fans than ARGV tells: field, mark as a number, fans.
-- Mostly one fan has a thing, and a key for each would cost ten times what is in it. So records of
-- 22 bytes, mark and fan, stand in a field with those of other things; what many share goes on in a
-- set of its own, and so do fans whose names are not 16 bytes.
local linked, links, most = KEYS[1], KEYS[2], tonumber(ARGV[2])
local odd, more, at = call('HEXISTS', linked, 'odd') == 1, {}, 3
local NAMED = ('\0'):rep(16) -- stands before a name that is not 16 bytes

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

-- Adds fans of one thing to `records`, or to the thing's set.
local function add(records, text, field, mark, new)
    local fans, count = packed_under(text, mark)
    local others, value = {}, 0
    for _, fan in ipairs(new) do
        if #fan > 16 then
            others[#others + 1], odd = fan:sub(17), true
            call('HSET', linked, 'odd', 1)
        elseif not fans[fan] and count < most then
            fans[fan], count = true, count + 1
            records[#records + 1] = mark .. fan
        elseif not fans[fan] then
            others[#others + 1] = '\0' .. fan
        end
    end
    for i = 1, 6 do value = value * 256 + mark:byte(i) end
    local set = links .. ':' .. field .. ':' .. string.format('%.0f', value)
    if others[1] then
        call('SADD', set, unpack(others))
        call('EXPIRE', set, ARGV[1])
    end
    if odd or count >= most then count = count + call('SCARD', set) end
    if count ~= #new then table.insert(more, { tonumber(field), value, count }) end
end

while ARGV[at] do
    local field, records, few, others = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    local text = call('HGET', linked, field)
    if not text and few == '1' and others == 0 and not odd then
        call('HSET', linked, field, records)
    else
        local marks, new, added = {}, {}, { text or '' }
        local function note(mark, fan)
            if not new[mark] then marks[#marks + 1], new[mark] = mark, {} end
            table.insert(new[mark], fan)
        end
        for start = 1, #records, 22 do
            note(records:sub(start, start + 5), records:sub(start + 6, start + 21))
        end
        for i = at + 4, at + 3 + 2 * others, 2 do note(ARGV[i], NAMED .. ARGV[i + 1]) end
        for _, mark in ipairs(marks) do add(added, text or '', field, mark, new[mark]) end
        if added[2] then call('HSET', linked, field, table.concat(added)) end
    end
    at = at + 4 + 2 * others
end
call('EXPIRE', linked, ARGV[1])
return more
