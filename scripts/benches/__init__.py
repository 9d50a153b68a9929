"""What `scripts/bench` runs: a module per area, and what they share to measure and to print."""
