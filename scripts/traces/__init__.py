"""Real work of several kinds, recorded as traces for the estimates to be scored on."""
