"""The files that the processes of a user share: spool, ends, locks, secret."""
