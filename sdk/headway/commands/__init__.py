"""The command line: its table of verbs, and the verbs of the SDK."""
