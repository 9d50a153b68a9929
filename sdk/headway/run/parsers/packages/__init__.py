"""Parsers of package managers."""
