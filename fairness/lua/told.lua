-- told: give what is told about an order to those who ask every second.
-- KEYS  standing; of one order
-- Returns the document, or nil when nothing is told.
return call('GET', KEYS[1])
