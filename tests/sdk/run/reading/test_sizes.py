from __future__ import annotations

import pytest

from headway.run.reading.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "step", "size"),
    [
        ("53.1 kB", 1000, 53_100),
        ("9,123 kB", 1000, 9_123_000),
        ("16.1MiB", 1000, 16_882_074),
        ("7812k", 1024, 7_999_488),
        ("0", 1000, 0),
        ("12 bytes", 1000, 12),
        ("", 1000, None),
        ("1.2.3 kB", 1000, None),
        ("--", 1000, None),
    ],
)
def test_sizes_as_tools_print_them(text, step, size):
    assert parse_size(text, step) == size
