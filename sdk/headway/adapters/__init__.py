"""Progress for code that was written for others: a module for each."""
