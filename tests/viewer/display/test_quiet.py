import pytest

from headway_viewer.display.quiet import StartNotice


@pytest.mark.parametrize("awaited", [None, "'x'"])
def test_what_has_not_begun_after_a_moment_is_said_once(awaited):
    said = []
    display = StartNotice(lambda: awaited, said.append)
    left = display.show(None, None, 0.0)
    assert said == []
    for local in (left, left + 30.0):
        display.show(None, None, local)
    assert said == (["waiting for 'x' to begin"] if awaited else [])
