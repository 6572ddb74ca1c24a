"""A small witness that anyone can run, and the monitor that follows a log."""
