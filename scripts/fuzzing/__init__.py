"""Fuzzing: malformed and mutated frames for the codec, the broker's core and a live broker."""
