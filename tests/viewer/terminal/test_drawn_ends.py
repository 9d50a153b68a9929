import os

from headway_viewer.terminal.drawn_ends import DrawnEnds


def test_what_a_forked_child_has_drawn_its_parent_knows():
    drawn = DrawnEnds()
    child = os.fork()
    if child == 0:
        drawn.add(["abcdefghijkl"])
        os._exit(0)
    os.waitpid(child, 0)
    assert "abcdefghijkl" in drawn
    assert "abcdefghijkm" not in drawn


def test_the_latest_hundreds_are_remembered():
    drawn = DrawnEnds()
    drawn.add([f"operation{number}" for number in range(1000)])
    assert "operation999" in drawn
    assert "operation800" in drawn
    assert "operation1" not in drawn
