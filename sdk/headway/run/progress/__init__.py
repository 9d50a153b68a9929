"""What is taken for a command's progress, and how it reaches the operation."""
