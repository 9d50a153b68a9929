"""What earlier runs leave: their stages, curves and errors, and what is fitted over them; pure."""
