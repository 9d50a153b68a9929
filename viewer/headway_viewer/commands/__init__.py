"""The verbs that follow the broker or ask it."""
