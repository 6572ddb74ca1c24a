"""Orders: seats held, paid for, given back; never sold twice."""
