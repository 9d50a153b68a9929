"""What shows a program's operations: the viewer of its terminal, the cells of its notebook."""
