"""What `headway ps` prints: filters, table, one line, templates; pure."""
