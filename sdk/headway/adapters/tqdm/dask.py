"""`tqdm.dask`: its callback with a bar that reports."""

from functools import partial

import tqdm.dask as original

from headway.adapters.tqdm.bar import tqdm

__all__ = ["TqdmCallback"]

TqdmCallback = partial(original.TqdmCallback, tqdm_class=tqdm)
