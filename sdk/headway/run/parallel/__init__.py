"""Several commands of one `headway run`, side by side."""
