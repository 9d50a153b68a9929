"""The API of the original document."""
