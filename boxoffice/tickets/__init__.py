"""Tickets: signed codes that anyone with the public key can check."""
