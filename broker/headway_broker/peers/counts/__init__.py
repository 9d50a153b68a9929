"""The counts that workers send: merged, of forked children, and hidden ones; pure."""
