"""`from headway.adapters.tqdm import tqdm, trange`: tqdm, reported to Headway.

A bar is tqdm's own, and a stage as well; `set_description` and `set_postfix` set the stage's
detail. A bar that is closed before its total has stopped there, one whose block an exception left
has failed. Every other name of tqdm can be imported from here, and its `contrib` modules from
`headway.adapters.tqdm.contrib`.
"""

from __future__ import annotations

import tqdm as _tqdm

from headway.adapters.tqdm.bar import tqdm, trange
from headway.adapters.tqdm.others import names_of

__all__ = ["tqdm", "trange"]

tqdm_notebook = tqdm_asyncio = tqdm
tnrange = tarange = trange
__getattr__ = names_of(_tqdm)
