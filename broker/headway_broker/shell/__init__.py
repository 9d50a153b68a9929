"""What has sockets, files, threads and the clock: it carries out what the core asks for."""
