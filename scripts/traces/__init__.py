"""Do real work of several kinds, and record it as traces on which estimates are scored."""
