from headway.estimate import Estimate
from headway.model import Operation, Stage
from headway_broker.estimates.history_keys import Keys
from headway_broker.estimates.operation_forecast import CHILDREN_LIMIT, OperationForecast


class HeardForecast:
    """A forecast that keeps what it was told."""

    def __init__(self):
        self.told = []

    def observe(self, *stage):
        self.told.append(stage[:7])

    def foretell(self, stage, left, now):
        self.left = left

    def set_beside(self, stage, units):
        self.beside = stage, units


def made():
    found = OperationForecast(Keys("make", (), None, "make"), 0.0, None)
    found.forecast = HeardForecast()
    return found


def child(name, *, progress=None, state="running"):
    operation = Operation(f"{name}0000000000"[:12], name, None, None)
    operation.state, operation.progress = state, progress
    return operation


def test_a_child_weighs_as_one_stage_that_its_progress_counts():
    parent = made()
    compile_ = child("compile", progress=0.25)
    parent.observe_child(compile_, Stage(3, "Build", None), 1.0)
    compile_.progress = 0.5
    parent.observe_child(compile_, Stage(3, "Build", None), 2.0)
    assert parent.forecast.told == [
        (-1, "compile", 3, "running", 25.0, 100.0, "%"),
        (-1, "compile", 3, "running", 50.0, 100.0, "%"),
    ]


def test_a_child_of_unknown_progress_has_no_total_to_make_a_share_of():
    parent = made()
    parent.observe_child(child("compile"), None, 1.0)
    assert parent.forecast.told[0][4:6] == (0.0, None)


def test_a_child_whose_process_is_stopped_waits():
    parent = made()
    stopped = child("compile")
    stopped.stops = [(1.0, None)]
    parent.observe_child(stopped, None, 2.0)
    assert parent.forecast.told[0][2:4] == (None, "waiting")


def test_children_beyond_the_limit_do_not_weigh():
    parent = made()
    for number in range(CHILDREN_LIMIT + 5):
        parent.observe_child(child(f"c{number:03}"), None, 1.0)
    assert len(parent.forecast.told) == len(parent.children) == CHILDREN_LIMIT


def test_what_a_child_has_left_is_told_by_its_own_forecast():
    parent = made()
    compile_ = child("compile", progress=0.25)
    compile_.estimate = Estimate(2.0, 3.0, 4.0, "history+rate", 2)
    parent.runs = 2
    parent.observe_child(compile_, None, 1.0)
    assert parent.forecast.left == 3.0
    compile_.estimate = Estimate(2.0, 3.0, 4.0, "rate", 0)
    parent.observe_child(compile_, None, 2.0)
    assert parent.forecast.left is None


def test_children_inside_a_stage_that_counts_them_are_shares_of_its_units():
    parent, read = made(), Stage(3, "Read", None)
    read.total = 8
    works = [child(f"w{number}", progress=0.5) for number in range(4)]
    for work in works:
        parent.observe_beside(work, read)
    assert parent.forecast.beside == (3, 2.0)
    works[0].state = "completed"
    parent.observe_beside(works[0], read)
    assert parent.forecast.beside == (3, 2.5)


def test_two_parents_do_not_share_their_children():
    first, second = made(), made()
    first.observe_child(child("compile"), None, 1.0)
    assert second.children == {}


def test_before_its_runs_are_read_there_is_nobody_to_tell():
    parent = made()
    parent.forecast = None
    parent.observe_child(child("compile"), None, 1.0)
    assert parent.children == {}
