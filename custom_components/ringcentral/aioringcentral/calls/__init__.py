"""The calls of one extension: which they are, and what happens to them."""
