"""What of a fleet speaks NATS: the connection on its thread, JetStream, and what can go wrong."""
