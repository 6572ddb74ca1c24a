"""What is played, when, and where one sits."""
