"""What is stored, when, and in which form; pure."""
