"""Chaos: workers that keep a journal, faults, and a verdict on what viewers showed of them."""
