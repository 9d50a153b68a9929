"""The viewer process of a terminal that programs run in."""
