"""Parsers of build tools."""
