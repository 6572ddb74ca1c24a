"""Find an event by words, city and date; and what one may also like."""
