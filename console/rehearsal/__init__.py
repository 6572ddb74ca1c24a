"""A whole sale with a crowd: who comes, what they do, what is checked afterwards."""
