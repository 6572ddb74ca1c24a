"""Notices: promised in the transaction that they announce, sent once."""
