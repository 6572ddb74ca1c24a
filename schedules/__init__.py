"""The clock: what runs when, and which on-sale windows open and close."""
