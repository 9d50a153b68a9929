from showcase import NOW, about, board_of, operation

from headway_viewer.top.sort_order import (
    BY_NAME,
    BY_PROGRESS,
    BY_REMAINING,
    BY_START,
    ORDERS,
    SortOrder,
)


def named(board, sort, now=NOW):
    return [board.replica.operations[name].name for name in sort.sorted("", now)]


def test_each_order_sorts_by_what_its_name_says():
    slow = operation("aaaaaaaaaaaa", "slow", started=-100.0, progress=0.2, estimate=about(400))
    fast = operation("bbbbbbbbbbbb", "Fast", started=-10.0, progress=0.9, estimate=about(2))
    dark = operation("cccccccccccc", "dark", started=-50.0)
    orders = {
        BY_NAME: ["dark", "Fast", "slow"],
        BY_START: ["Fast", "dark", "slow"],
        BY_REMAINING: ["Fast", "slow", "dark"],
        BY_PROGRESS: ["Fast", "slow", "dark"],
    }
    for order, expected in orders.items():
        board = board_of(slow, fast, dark)
        sort = SortOrder(board)
        sort.order = order
        assert named(board, sort) == expected, order
        sort.backwards = True
        assert named(board, sort) == expected[::-1], order


def test_numbers_move_rows_once_a_second_at_most():
    first = operation("aaaaaaaaaaaa", "first", progress=0.9)
    second = operation("bbbbbbbbbbbb", "second", progress=0.1)
    board = board_of(first, second)
    sort = SortOrder(board)
    sort.order = BY_PROGRESS
    assert named(board, sort) == ["first", "second"]
    board.replica.operations["bbbbbbbbbbbb"].progress = 0.95
    assert named(board, sort, now=NOW + 0.5) == ["first", "second"]
    assert named(board, sort, now=NOW + 1.5) == ["second", "first"]


def test_orders_go_round():
    sort = SortOrder(board_of())
    seen = []
    for _ in ORDERS:
        seen.append(sort.order)
        sort.next_order()
    assert seen == list(ORDERS)
    assert sort.order == ORDERS[0]
