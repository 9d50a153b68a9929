from __future__ import annotations

from headway.host.random_id import random_id


def test_identities_are_base_32_and_random():
    ids = {random_id(12) for _ in range(1000)}
    assert len(ids) == 1000
    assert all(
        len(text) == 12 and set(text) <= set("abcdefghijklmnopqrstuvwxyz234567") for text in ids
    )
