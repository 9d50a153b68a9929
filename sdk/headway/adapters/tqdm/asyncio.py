"""The names of `tqdm.asyncio`: its bar is the one that reports."""

import tqdm.asyncio as original

from headway.adapters.tqdm.bar import tqdm, trange
from headway.adapters.tqdm.others import names_of

__all__ = ["tarange", "tqdm", "tqdm_asyncio", "trange"]

tqdm_asyncio = tqdm
tarange = trange
__getattr__ = names_of(original)
