"""Samples of hidden counts: who may send them, what they teach, and who is told."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.state import effects


def opaque(wired, seconds, slower=1.0, worker=None):
    """Let a command without counts run, its samples sent; half of `seconds` of processor time."""
    worker = worker or wired.worker()
    for at in range(int(seconds * slower)):
        wired.pass_time(1.0)
        cpu = (at + 1) / slower / 2
        worker.say(messages.Work("op", wired.now, cpu, int(1e6 * cpu), 0, [at]))
    return worker


def begun(runs=()):
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start(stages=[])
    wired.core.recalled(worker_key(wired), list(runs))
    return wired, worker


def worker_key(wired):
    [recall] = [effect for effect in wired.effects if isinstance(effect, effects.Recall)]
    return recall.key


def taught():
    wired, worker = begun()
    opaque(wired, 30, worker=worker)
    worker.end()
    [learn] = [effect for effect in wired.effects if isinstance(effect, effects.StoreRun)]
    return learn.run


def test_they_teach_the_next_run_when_it_ends():
    wired, worker = begun([taught()])
    wired.follow()
    opaque(wired, 15, slower=3.0, worker=worker)
    op = wired.operation("op")
    assert op.estimate.basis in ("work", "lines")
    assert op.estimate.median == pytest.approx(45, rel=0.35)
    assert op.progress == pytest.approx(0.5, abs=0.1)


def test_runs_that_an_earlier_version_stored_go_with_those_that_have_them():
    with_work = taught()
    without = {name: value for name, value in with_work.items() if name != "work"}
    wired, worker = begun([without, with_work, without])
    wired.follow()
    opaque(wired, 15, slower=3.0, worker=worker)
    assert wired.operation("op").estimate.median == pytest.approx(45, rel=0.35)


def test_followers_are_told_when_they_were_taken():
    wired = Wired()
    worker = wired.worker(offset=0.0)
    worker.start()
    wired.follow()
    worker.say(messages.Work("op", wired.now - 0.25, 1.5, 10, None, [7]))
    [told] = [m for _, m in wired.published if isinstance(m, messages.WorkDone)]
    assert told[2:] == (wired.now - 0.25, "op", 1.5, 10, None, [7])


def test_what_was_done_is_a_figure_of_the_operation():
    wired = Wired()
    worker = wired.worker()
    worker.start()
    wired.follow()
    assert wired.operation("op").work is None
    worker.say(messages.Work("op", wired.now, 1.5, 10, None, []))
    wired.pass_time(1.0)
    assert wired.operation("op").work == (1.5, 10, None)


def test_nobody_is_told_where_nobody_follows():
    wired = Wired()
    worker = wired.worker()
    worker.start()
    worker.say(messages.Work("op", wired.now, 1.5, 10, None, [7]))
    assert not [m for _, m in wired.published if isinstance(m, messages.WorkDone)]


def test_those_of_another_sessions_operation_are_dropped():
    wired = Wired()
    wired.worker("first").start()
    wired.worker("second").say(messages.Work("op", wired.now, 1.0, 1, 1, []))
    assert wired.dropped() == {"work": 1}


def test_a_time_to_come_is_taken_for_now():
    wired, worker = begun([taught()])
    worker.say(messages.Work("op", wired.now + 1e9, 5.0, 5_000_000, 0, []))
    wired.follow()
    opaque(wired, 15, worker=worker)
    assert wired.operation("op").estimate is not None
