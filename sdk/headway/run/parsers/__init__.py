"""The output of known tools, parsed into events: one module a tool; pure."""
