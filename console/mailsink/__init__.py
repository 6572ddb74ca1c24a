"""A mail server that delivers to nobody: it keeps what it is given, to be read in a browser."""
