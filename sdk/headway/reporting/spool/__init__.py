"""What a process leaves in files for the next broker: births, and ends at the last moment."""
