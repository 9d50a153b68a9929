"""The command as a process: started, signalled, followed to its end."""
