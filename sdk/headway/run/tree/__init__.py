"""The tools below a command: which there are, and whose lines are whose."""
