"""The viewer's replica of the broker's state. Pure."""
