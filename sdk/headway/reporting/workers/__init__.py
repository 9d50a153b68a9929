"""What the code of a pool of workers hides from them."""
