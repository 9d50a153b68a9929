"""The names of `tqdm.autonotebook`: its bar is the one that reports."""

import tqdm.std as original

from headway.adapters.tqdm.bar import tqdm, trange
from headway.adapters.tqdm.others import names_of

__all__ = ["tqdm", "trange"]

__getattr__ = names_of(original)
