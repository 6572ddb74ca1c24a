"""Tickets that wait until an organiser has looked at their order."""
