"""A small client of D-Bus: enough to notify, and to show progress in a dock."""
