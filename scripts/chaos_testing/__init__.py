"""Chaos testing: workers that keep a journal, injected faults, and a check of what was shown."""
