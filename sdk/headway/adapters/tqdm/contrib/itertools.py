"""`tqdm.contrib.itertools`, counted in bars that report."""

from functools import partial

from tqdm.contrib import itertools

from headway.adapters.tqdm.bar import tqdm
from headway.adapters.tqdm.others import names_of

__all__ = ["product"]

product = partial(itertools.product, tqdm_class=tqdm)

__getattr__ = names_of(itertools)
