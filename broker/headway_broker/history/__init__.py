"""The history file: its thread, its tables, its queries."""
