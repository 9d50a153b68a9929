"""The public JSON form, `schema` 1: its schema, writer and reader."""
