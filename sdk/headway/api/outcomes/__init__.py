"""What tells how a block, a loop or the program was left."""
