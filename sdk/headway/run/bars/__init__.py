"""The bars of a command's Python programs, which report themselves over a socket."""
