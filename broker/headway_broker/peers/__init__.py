"""Sessions and their messages: handshake, counts, liveness, resync, requests; pure."""
