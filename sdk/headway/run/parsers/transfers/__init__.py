"""Parsers of tools that copy and download."""
