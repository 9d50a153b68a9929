"""The command's standard streams and its terminal."""
