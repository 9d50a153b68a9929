"""`tqdm.contrib`, counted in bars that report."""

from functools import partial

from tqdm import contrib
from tqdm.contrib import DummyTqdmFile
from tqdm.contrib import tenumerate as _tenumerate
from tqdm.contrib import tmap as _tmap
from tqdm.contrib import tzip as _tzip

from headway.adapters.tqdm.bar import tqdm
from headway.adapters.tqdm.others import names_of

__all__ = ["DummyTqdmFile", "tenumerate", "tmap", "tzip"]

tenumerate = partial(_tenumerate, tqdm_class=tqdm)
tmap = partial(_tmap, tqdm_class=tqdm)
tzip = partial(_tzip, tqdm_class=tqdm)

__getattr__ = names_of(contrib)
