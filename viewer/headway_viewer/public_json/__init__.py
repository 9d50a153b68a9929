"""The public JSON form, `schema` 1: written and read."""
