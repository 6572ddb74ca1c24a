"""A past sale's arrivals as screening saw them, and screening them once more to compare."""
