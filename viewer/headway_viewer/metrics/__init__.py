"""`headway metrics`: counters and histograms of operations, for Prometheus."""
