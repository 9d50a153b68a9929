"""The command as a process: fork, exec, signals, process group, exit status."""
