"""Tickets passed on to a named friend, within the organiser's rules, and never for a price."""
