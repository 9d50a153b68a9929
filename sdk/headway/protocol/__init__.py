"""Everything that crosses a process boundary: messages, their bytes, where they meet."""
