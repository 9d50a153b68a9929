"""The published stream of deltas and snapshots: its rate, and its bytes; pure."""
