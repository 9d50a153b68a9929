"""The machine that a program runs on: so far its desktop, which raises notifications."""
