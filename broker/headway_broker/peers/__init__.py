"""What workers and viewers say and are told; pure."""
