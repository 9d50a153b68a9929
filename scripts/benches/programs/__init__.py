"""Programs that the benches start as processes of their own."""
