"""A Model Context Protocol server, through which coding agents look at operations."""
