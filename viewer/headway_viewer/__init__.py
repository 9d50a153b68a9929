"""The processes that follow the broker and show what it knows."""
