import pytest
from wired import WALL, Wired

from headway.protocol import messages
from headway_broker.state.wall_clock import WallClock


def test_a_clock_that_is_hardly_off_is_left_alone():
    wall = WallClock(100.0)
    assert wall.look(100.9) == 0
    assert wall.offset == 100.0


@pytest.mark.parametrize("step", [3600.0, -3600.0, 1.0])
def test_a_clock_that_was_set_is_followed(step):
    wall = WallClock(100.0)
    assert wall.look(100.0 + step) == step
    assert wall.offset == 100.0 + step
    assert wall.look(100.0 + step) == 0


def test_whoever_follows_is_told_at_once_what_time_it_is():
    wired = Wired()
    wired.follow()
    wired.pass_time(0.1)
    wired.published.clear()
    wired.core.look_at_wall_clock(WALL + 7200)
    wired.pass_time(0.1)
    (pulse,) = [told for _, told in wired.published if isinstance(told, messages.Pulse)]
    assert pulse.wall == pytest.approx(WALL + 7200 + pulse.now)


def test_what_is_stored_from_then_on_has_the_time_that_is_true_now():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    wired.core.look_at_wall_clock(WALL + 7200)
    wired.pass_time(1)
    worker.end()
    wired.tick()
    row = wired.stored_rows()["op"]
    assert row.ended == pytest.approx(WALL + 7200 + wired.now, abs=1)
