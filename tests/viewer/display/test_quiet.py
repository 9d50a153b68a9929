import pytest

from headway_viewer.display.quiet import StartHint


@pytest.mark.parametrize("hint", [None, "waiting for 'x' to begin"])
def test_what_has_not_begun_after_a_moment_is_said_once(hint):
    said = []
    display = StartHint(lambda: hint, said.append)
    left = display.show(None, None, 0.0)
    assert said == []
    for local in (left, left + 30.0):
        display.show(None, None, local)
    assert said == ([hint] if hint else [])


def test_what_only_waits_to_be_judged_is_said_once():
    said = []
    display = StartHint(lambda: None, said.append, lambda: "'x': left at 20 of 60")
    for local in (0.0, 1.0, 60.0):
        display.show(None, None, local)
    assert said == ["waiting for how it ends: 'x': left at 20 of 60"]


def test_what_is_wrong_with_the_connection_is_said_once_and_again_when_it_comes_back():
    said = []
    hint = StartHint(lambda: None, said.append)
    refused = "the broker refuses this viewer: it speaks version 2 of the protocol"
    for note in (None, "waiting for the broker", refused, refused, None, refused):
        hint.show(None, note, 0.0)
    assert said == [refused, refused]
