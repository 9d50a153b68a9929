"""The fleet: the states of many hosts, published to and read from NATS JetStream."""
