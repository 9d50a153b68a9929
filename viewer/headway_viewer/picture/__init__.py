"""The picture to draw, as a value: rows, columns and wording. Pure."""
