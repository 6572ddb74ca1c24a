"""Verifiers that others wrote, unchanged, on our log: what they accept is in the open formats."""
