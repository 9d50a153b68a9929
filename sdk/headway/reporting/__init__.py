"""How a process reports: what is sent, when, by which thread, and what goes into the spool."""
