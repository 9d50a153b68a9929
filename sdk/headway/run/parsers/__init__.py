"""What known tools print, read into events: a file a tool; pure."""
