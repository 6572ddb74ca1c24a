"""Tickets that come back: the old code dies, the seat goes on, the money goes home."""
