"""Who waits for seats that come back, in the order of the line."""
