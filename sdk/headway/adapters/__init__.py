"""Progress for code that reports by another library's interface: a module for each library."""
