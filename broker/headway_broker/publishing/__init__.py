"""What followers are sent, and when; pure."""
