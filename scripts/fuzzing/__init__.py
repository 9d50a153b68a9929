"""Fuzz: frames that nobody would send, for the codec, the broker's core, and a live broker."""
