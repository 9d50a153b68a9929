"""The displays of `headway view`: live, plain, JSON lines, quiet."""
