"""The present operation held against one earlier run of it."""
