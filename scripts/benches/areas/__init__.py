"""The areas that `scripts/bench` measures, a module each: `measure(quick)` returns its report."""
