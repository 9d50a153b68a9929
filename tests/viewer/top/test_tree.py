from showcase import NOW, board_of, installers, operation, stage

from headway_viewer.top.tree import Tree


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
        "apt install postgresql",
        "pip install -r requirements.txt",
        "build.py: Compile",
        "apt install nginx",
        "npm install",
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
