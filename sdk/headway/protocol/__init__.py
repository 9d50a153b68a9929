"""Everything that crosses a process boundary: messages, their encoding, and the meeting place."""
