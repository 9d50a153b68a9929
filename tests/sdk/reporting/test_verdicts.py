"""What the program's end has judged is opened again as it was, once."""

from headway.model import Operation, Stage
from headway.reporting.verdicts import STAGES_LIMIT, Verdicts


class Handle:
    def __init__(self, *stages):
        self.model = Operation("o" * 12, "Work")
        self.model.move("running", 1.0)
        for number in stages:
            self.model.add_stage(Stage(number, "Files", total=10)).move("running", 1.0)


def test_an_operation_is_opened_as_it_was_with_its_open_stages():
    handle = Handle(1, 2)
    handle.model.stages[1].move("completed", 2.0)
    verdicts = Verdicts()
    verdicts.note([handle])
    handle.model.move("failed", 3.0)
    handle.model.revision = 7
    assert verdicts.judged() == [handle]
    assert verdicts.reopen(handle.model.id)
    assert (handle.model.state, handle.model.ended, handle.model.revision) == ("running", None, 7)
    assert [stage.state for stage in handle.model.stages.values()] == ["completed", "running"]


def test_it_is_corrected_once():
    handle = Handle()
    verdicts = Verdicts()
    verdicts.note([handle])
    assert verdicts.reopen(handle.model.id)
    assert not verdicts.reopen(handle.model.id)


def test_what_had_ended_by_itself_stays_as_it_is():
    handle = Handle()
    handle.model.move("failed", 2.0)
    verdicts = Verdicts()
    verdicts.note([handle])
    assert not verdicts.reopen(handle.model.id)


def test_of_an_operation_with_many_stages_no_copy_is_made():
    verdicts = Verdicts()
    verdicts.note([Handle(*range(1, STAGES_LIMIT + 2))])
    assert verdicts.judged() == []
