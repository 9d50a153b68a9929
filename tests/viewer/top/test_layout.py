import pytest

from headway_viewer.picture.browsing import LIST, LOG
from headway_viewer.top.layout import Pane, arrange


@pytest.mark.parametrize("page", [LIST, LOG])
def test_panes_fill_a_terminal_of_any_size_and_do_not_overlap(page):
    for columns in (1, 2, 39, 80, 139, 140, 200, 500):
        for lines in (1, 2, 3, 11, 12, 17, 18, 24, 60, 200):
            made = arrange(columns, lines, page)
            panes = [pane for pane in (made.body, made.facts, made.log) if pane is not None]
            taken = [
                (x, y)
                for pane in panes
                for x in (pane.left, pane.left + pane.width - 1)
                for y in range(pane.top, pane.top + pane.height)
            ]
            assert all(x < columns and y < lines - made.framed for x, y in taken)
            assert all(pane.width > 0 and pane.height > 0 for pane in panes)
            for pane in panes:
                others = [other for other in panes if other is not pane]
                assert not any(other.has(pane.left, pane.top) for other in others)


def test_panes_stand_beside_the_list_where_it_is_wide_and_below_where_it_is_tall():
    assert arrange(200, 60, LIST).log is not None
    below = arrange(80, 24, LIST)
    assert below.facts is not None
    assert below.facts.left == 0
    assert arrange(40, 12, LIST).facts is None
    assert arrange(200, 60, LOG).body == Pane(0, 1, 200, 58)
