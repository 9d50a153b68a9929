"""The names of tqdm that are not ours."""

import pytest
import tqdm as original

import headway.adapters.tqdm as adapter


def test_every_name_of_tqdm_can_be_imported_from_the_adapter():
    from headway.adapters.tqdm import TqdmWarning, asyncio, auto, std, tgrange

    assert TqdmWarning is original.TqdmWarning
    assert tgrange is original.tgrange
    assert std.EMA is original.std.EMA
    assert auto.tqdm is adapter.tqdm is asyncio.tqdm_asyncio


def test_the_version_is_that_of_tqdm():
    assert adapter.__version__ == original.__version__
    with pytest.raises(AttributeError):
        adapter.__wrapped__  # noqa: B018


def test_a_name_that_tqdm_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        adapter.nothing  # noqa: B018
