"""Screening what others have: a table of actors or an access log in, a score for each out."""
