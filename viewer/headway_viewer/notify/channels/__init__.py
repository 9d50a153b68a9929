"""The ways to tell a notice: the desktop, the terminal, a command, a server. Each may block."""
