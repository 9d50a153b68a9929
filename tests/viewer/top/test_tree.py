from showcase import NOW, about, board_of, installers, operation, stage

from headway_viewer.top.tree import BY_NAME, BY_PROGRESS, BY_REMAINING, BY_START, ORDERS, Tree


def tree_of(*operations):
    return Tree(board_of(*operations))


def named(tree, words="", now=NOW):
    """The rows, as names of operations and stages."""
    rows = map(tree.row, tree.rows(words, now))
    return [(row.stage or row.operation).name for row in rows]


def nested():
    build = operation("aaaaaaaaaaaa", "build")
    stage(build, "compile")
    stage(build, "objects", parent=1)
    stage(build, "link", "pending", started=None)
    helper = operation("bbbbbbbbbbbb", "helper", parent="aaaaaaaaaaaa/1")
    stage(helper, "one", "completed", ended=-1.0)
    stage(helper, "two")
    loose = operation("cccccccccccc", "loose", parent="aaaaaaaaaaaa")
    return [build, helper, loose]


def test_rows_stand_as_the_view_has_them():
    assert named(tree_of(*installers())) == [
        "npm install",
        "apt install postgresql",
        "pip install -r requirements.txt",
        "build.py: Compile",
        "apt install nginx",
    ]


def test_an_opened_operation_has_its_stages_below_and_what_they_run_inside_them():
    tree = tree_of(*nested())
    assert named(tree) == ["build"]
    tree.toggle("aaaaaaaaaaaa")
    assert named(tree) == ["build", "compile", "objects", "helper", "link", "loose"]
    rows = tree.rows("", NOW)
    assert [tree.row(row).depth for row in rows] == [0, 1, 2, 2, 1, 1]
    tree.toggle("bbbbbbbbbbbb")
    assert named(tree) == ["build", "compile", "objects", "helper", "one", "two", "link", "loose"]
    tree.toggle("aaaaaaaaaaaa")
    assert named(tree) == ["build"]


def test_what_has_one_stage_has_nothing_to_open():
    lone = operation("aaaaaaaaaaaa", "loop")
    stage(lone, "loop")
    tree = tree_of(lone)
    assert tree.row("aaaaaaaaaaaa").opened is None
    tree.toggle("aaaaaaaaaaaa")
    assert tree.opened == set()


def test_the_row_around_a_row_is_its_parent():
    tree = tree_of(*nested())
    tree.toggle("aaaaaaaaaaaa")
    rows = tree.rows("", NOW)
    assert tree.around("aaaaaaaaaaaa/2", rows) == "aaaaaaaaaaaa/1"
    assert tree.around("cccccccccccc", rows) == "aaaaaaaaaaaa"
    assert tree.around("aaaaaaaaaaaa", rows) is None


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
        tree = tree_of(slow, fast, dark)
        tree.order = order
        assert named(tree) == expected, order
        tree.backwards = True
        assert named(tree) == expected[::-1], order


def test_numbers_move_rows_once_a_second_at_most():
    first = operation("aaaaaaaaaaaa", "first", progress=0.9)
    second = operation("bbbbbbbbbbbb", "second", progress=0.1)
    board = board_of(first, second)
    tree = Tree(board)
    tree.order = BY_PROGRESS
    assert named(tree) == ["first", "second"]
    board.replica.operations["bbbbbbbbbbbb"].progress = 0.95
    assert named(tree, now=NOW + 0.5) == ["first", "second"]
    assert named(tree, now=NOW + 1.5) == ["second", "first"]


def test_orders_go_round():
    tree = tree_of()
    seen = []
    for _ in ORDERS:
        seen.append(tree.order)
        tree.next_order()
    assert seen == list(ORDERS)
    assert tree.order == ORDERS[0]


def test_stages_inside_of_themselves_come_to_an_end():
    odd = operation("aaaaaaaaaaaa", "odd")
    stage(odd, "one", parent=2)
    stage(odd, "two", parent=1)
    tree = tree_of(odd)
    tree.opened.add("aaaaaaaaaaaa")
    assert named(tree) == ["odd"]


def test_what_is_gone_has_no_row():
    assert tree_of().row("aaaaaaaaaaaa") is None
    assert tree_of(*installers()).row("2c9aaaaaaaaa/99") is None
