"""What the broker knows; pure."""
