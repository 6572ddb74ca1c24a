"""Tickets that were seen on offer above their price, as organisers report it."""
