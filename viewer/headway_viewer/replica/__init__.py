"""The viewer's copy of the broker's state; pure."""
