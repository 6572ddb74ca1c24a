"""The rules anyone can check: the line, the draw, admission, screening, the log."""
