"""The calls of one extension: which calls they are, and what happens to them."""
