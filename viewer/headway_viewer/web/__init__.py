"""The operations as a page in a browser."""
