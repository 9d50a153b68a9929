"""One command from its start to its end: what starts, follows, limits and pauses it."""
