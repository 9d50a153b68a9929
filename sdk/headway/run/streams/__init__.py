"""The command's standard streams and its terminal: pipes, ptys, and the threads that relay them."""
