"""What earlier runs teach; pure."""
