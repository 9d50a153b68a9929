"""Operations and stages are nodes of the tree of open scopes."""

from protocols import members

import headway
from headway.nesting import Nested


def test_an_operation_and_its_stages_have_all_that_the_tree_needs(reporter):
    operation = headway.operation("Work")
    for scope in (operation, operation.stage("Step")):
        assert {name for name in members(Nested) if not hasattr(scope, name)} == set()
