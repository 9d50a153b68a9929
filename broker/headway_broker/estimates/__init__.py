"""Estimates of what is open, within a budget; pure."""
