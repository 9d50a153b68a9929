"""How a process reports: what is sent, when, by which thread, and what is left in the spool."""
