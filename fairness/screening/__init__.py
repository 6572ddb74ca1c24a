"""Screening: findings with reasons about who joins, never about where they stand in the line."""
