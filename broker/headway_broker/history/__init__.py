"""The history file: the thread that writes it, its schema, its queries."""
