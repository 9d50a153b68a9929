"""What an operation and its stages know each other by is what they are."""

from protocols import members

import headway
from headway.api.interfaces import Whole


def test_an_operation_has_all_that_its_stages_need(reporter):
    operation = headway.operation("Work")
    assert {name for name in members(Whole) if not hasattr(operation, name)} == set()
