"""The wording of operations and stages, alone and together. Pure."""
