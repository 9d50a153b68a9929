"""`tqdm.contrib.logging`, with bars that report."""

from functools import partial

from tqdm.contrib import logging

from headway.adapters.tqdm.bar import tqdm
from headway.adapters.tqdm.others import names_of

__all__ = ["logging_redirect_tqdm", "tqdm_logging_redirect"]

logging_redirect_tqdm = partial(logging.logging_redirect_tqdm, tqdm_class=tqdm)
tqdm_logging_redirect = partial(logging.tqdm_logging_redirect, tqdm_class=tqdm)

__getattr__ = names_of(logging)
