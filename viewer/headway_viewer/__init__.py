"""The viewers: processes that follow the broker and show its operations."""
