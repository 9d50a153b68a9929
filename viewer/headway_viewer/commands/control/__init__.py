"""The commands that ask an operation's owner: cancel, pause, resume."""
