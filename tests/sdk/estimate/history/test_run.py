from __future__ import annotations

import pytest

from headway.estimate import Run


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"format": 99},
        {"format": 1, "seconds": "x", "spans": [], "misses": []},
        {"format": 1, "seconds": 1, "spans": [{}], "misses": []},
        {"format": 1, "seconds": 1, "spans": [3], "misses": []},
        {"format": 1, "seconds": 1, "spans": [], "misses": [[1]]},
        {"format": 1, "seconds": float("nan"), "spans": [], "misses": []},
        {"format": 1, "seconds": 1e300, "spans": [], "misses": []},
        [],
        None,
    ],
)
def test_what_is_no_run_is_refused(record):
    with pytest.raises(ValueError, match="not a run"):
        Run.from_dict(record)
