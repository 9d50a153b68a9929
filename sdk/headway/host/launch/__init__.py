"""Start the broker or a viewer: which interpreter, which service, detached from the program."""
