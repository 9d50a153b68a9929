"""What a reporting program holds and calls."""
