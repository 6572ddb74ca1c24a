"""Crowds to rehearse and to measure screening with: attackers, and honest people who look odd."""
