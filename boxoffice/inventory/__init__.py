"""Seats of one sale: which are free, held and sold, and which are the best left."""
