"""The viewer's connection to the broker: endpoint, subscription, snapshots, signals."""
