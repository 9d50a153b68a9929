"""A viewer's connection to the broker."""
