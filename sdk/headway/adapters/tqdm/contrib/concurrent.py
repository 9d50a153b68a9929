"""`tqdm.contrib.concurrent`, counted in bars that report."""

from functools import partial

from tqdm.contrib import concurrent

from headway.adapters.tqdm.bar import tqdm
from headway.adapters.tqdm.others import names_of

__all__ = ["process_map", "thread_map"]

thread_map = partial(concurrent.thread_map, tqdm_class=tqdm)
process_map = partial(concurrent.process_map, tqdm_class=tqdm)

__getattr__ = names_of(concurrent)
