"""The commands that follow the broker or ask it, one a module, and what they share."""
