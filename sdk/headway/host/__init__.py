"""What the SDK needs of the machine: processes, threads, interpreter, spool, desktop."""
