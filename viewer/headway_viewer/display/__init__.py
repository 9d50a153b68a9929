"""The ways to show what a replica holds: live, plain, json."""
