"""The names of `tqdm.notebook`: its bar is the one that reports."""

import tqdm.std as original

from headway.adapters.tqdm.bar import tqdm, trange
from headway.adapters.tqdm.others import names_of

__all__ = ["tnrange", "tqdm", "tqdm_notebook", "trange"]

tqdm_notebook = tqdm
tnrange = trange
__getattr__ = names_of(original)
