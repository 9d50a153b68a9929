"""The verbs of the broker's command line."""
