"""The shell: sockets, files, processes and the clock; it carries out the effects of the core."""
