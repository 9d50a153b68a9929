"""The per-user process that merges, estimates, remembers and serves progress."""
