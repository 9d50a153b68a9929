"""What viewers ask for, and what the broker answers; pure."""
