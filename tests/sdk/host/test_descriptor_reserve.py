"""What is kept for the end, and given back."""

import os

import pytest

from headway.host import descriptor_reserve as reserve


@pytest.fixture
def pipe():
    reserve.give_up()
    ends = os.pipe()
    yield ends
    reserve.give_up()
    for end in ends:
        os.close(end)


def opened():
    found = set()
    for number in range(1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.add(number)
    return found


def test_what_is_kept_is_given_back_once(pipe):
    before = opened()
    reserve.keep(pipe[0])
    kept = opened() - before
    assert len(kept) == reserve.KEPT
    assert not any(map(os.get_inheritable, kept))
    assert reserve.give_up()
    assert opened() == before
    assert not reserve.give_up()


def test_what_the_program_has_opened_in_their_places_is_left_alone(pipe):
    before = opened()
    reserve.keep(pipe[0])
    closed, replaced, _ = sorted(opened() - before)
    os.close(closed)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, replaced)
    reserve.give_up()
    assert opened() == before | {null, replaced}
    for descriptor in {null, replaced}:
        os.close(descriptor)
