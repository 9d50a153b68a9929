"""What the kernel tells of the processes of a command: shells read /proc, cores judge it."""
