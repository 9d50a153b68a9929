"""What is drawn, as a value; pure."""
