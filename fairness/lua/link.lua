-- link: remember which fans share which attributes of a sale.
-- KEYS  links, one for each attribute
-- ARGV  seconds to live, then for each attribute: how many fans, fan, fan …
-- Returns for each attribute how many fans of the sale have it now.
local cards, at = {}, 2
for i, key in ipairs(KEYS) do
    local last = at + tonumber(ARGV[at])
    local added = call('SADD', key, unpack(ARGV, at + 1, last))
    cards[i] = call('SCARD', key)
    if cards[i] == added then call('EXPIRE', key, ARGV[1]) end
    at = last + 1
end
return cards
