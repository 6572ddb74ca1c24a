"""Where the log's entries are kept before they are published."""
