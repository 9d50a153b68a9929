import pytest
from showcase import NOW, operation, stage

from headway_viewer.otel import spans as module
from headway_viewer.otel.spans import Spans, attributes, operation_span_id, stage_span_id

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"


class Told:
    """Spans of operations as a replica shows them, from NOW on."""

    def __init__(self):
        self.spans = Spans()
        self.operations = {}

    def show(self, *operations, at=0.0):
        self.operations.update((one.id, one) for one in operations)
        return self.spans.ended([one.id for one in operations], self.operations, NOW, at)


@pytest.fixture
def told():
    return Told()


def named(spans):
    return [(span.operation if span.stage is None else span.stage).name for span in spans]


def test_a_stage_is_told_when_it_has_ended_and_the_operation_around_it_later(told):
    build = operation("a", "build", started=1)
    outer = stage(build, "compile", started=1)
    inner = stage(build, "parse", "completed", started=2, ended=3, parent=outer.id)
    [found] = told.show(build)
    assert (found.stage, found.start, found.end) == (inner, NOW + 2, NOW + 3)
    assert found.parent == stage_span_id(build, outer)
    assert told.show(build) == []
    outer.state, outer.ended = build.state, build.ended = "failed", NOW + 5
    found = told.show(build)
    assert named(found) == ["compile", "build"]
    assert [span.parent for span in found] == [operation_span_id(build), None]
    assert {span.trace for span in found} == {found[0].trace}
    assert told.show(build) == []


def test_it_is_part_of_the_trace_in_which_its_program_was_started(told):
    [found] = told.show(operation("a", "x", "completed", ended=1, traceparent=TRACEPARENT))
    assert (f"{found.trace:032x}", f"{found.parent:016x}") == (TRACE, SPAN)
    assert (found.remote, found.sampled) == (True, True)
    unsampled = TRACEPARENT[:-1] + "0"
    [found] = told.show(operation("b", "x", "completed", ended=1, traceparent=unsampled))
    assert not found.sampled


def test_what_is_inside_an_operation_is_inside_its_span_though_that_ends_later(told):
    above = operation("a", "all", traceparent=TRACEPARENT)
    part = stage(above, "part")
    inside = operation("b", "one", "completed", ended=1, parent=f"a/{part.id}")
    deeper = operation("c", "two", "completed", ended=1, parent="b", traceparent=TRACEPARENT)
    found = told.show(above, inside, deeper)
    assert [span.parent for span in found] == [
        stage_span_id(above, part),
        operation_span_id(inside),
    ]
    assert {f"{span.trace:032x}" for span in found} == {TRACE}
    assert not any(span.remote for span in found)


def test_who_is_inside_of_what_is_known_once_that_is(told):
    inside = operation("b", "one", parent="a")
    assert told.show(inside) == []
    told.show(operation("a", "all", traceparent=TRACEPARENT))
    inside.state, inside.ended = "completed", NOW + 1
    [found] = told.show(inside)
    assert f"{found.trace:032x}" == TRACE


def test_operations_inside_each_other_in_a_circle_end_all_the_same(told):
    circle = [
        operation(name, name, "completed", ended=1, parent=other)
        for name, other in (("a", "b"), ("b", "a"))
    ]
    assert len(told.show(*circle)) == 2
    assert len(told.show(operation("c", "c", "completed", ended=1, parent="c"))) == 1


def test_what_had_ended_before_and_what_never_ran_is_not_told(told):
    build = operation("a", "build")
    stage(build, "earlier", "completed", ended=-1)
    stage(build, "left out", "skipped", started=None, ended=1)
    assert told.show(build, operation("b", "old", "completed", ended=-1)) == []


def test_a_retry_is_a_span_of_its_own(told):
    [first] = told.show(operation("a", "x", "failed", ended=1))
    told.show(operation("a", "x", attempt=2))
    [second] = told.show(operation("a", "x", "completed", ended=2, attempt=2))
    assert first.trace == second.trace
    assert first.id != second.id


def test_the_stages_of_an_attempt_are_not_told_again_when_the_next_begins(told):
    build = operation("a", "build", "failed", ended=2)
    stage(build, "compile", "completed", started=0, ended=1)
    test = stage(build, "test", "failed", started=1, ended=2)
    assert named(told.show(build)) == ["compile", "test", "build"]
    build.state, build.ended, build.attempt = "running", None, 2
    assert told.show(build) == []
    test.attempt, test.state, test.ended = 2, "completed", NOW + 3
    assert named(told.show(build)) == ["test"]
    build.state, build.ended = "completed", NOW + 4
    assert named(told.show(build)) == ["build"]


def test_a_crash_waits_for_what_corrects_it(told):
    build = operation("a", "build", "crashed", ended=1)
    part = stage(build, "compile", "crashed", started=0, ended=1)
    assert told.show(build, at=100.0) == []
    assert told.spans.deadline() == 100.0 + module.HELD
    build.state = part.state = "completed"
    found = told.show(build, at=101.0)
    assert [span.operation.state for span in found] == ["completed"] * 2
    assert told.spans.deadline() is None
    assert told.show(at=200.0) == []


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_crash_that_is_corrected_late_is_the_same_span_again(told, goes_on):
    build = operation("a", "build", "crashed", ended=1)
    part = stage(build, "compile", "crashed", started=0, ended=1)
    stage(build, "fetch", "completed", started=0, ended=1)
    told.show(build, at=100.0)
    before = told.show(at=100.0 + module.HELD)
    assert named(before) == ["compile", "fetch", "build"]
    assert told.show(build, at=150.0) == []
    if goes_on:
        build.state, part.state, build.ended, part.ended = "running", "running", None, None
        assert told.show(build, at=150.0) == []
    build.state, part.state, build.ended, part.ended = "failed", "completed", NOW + 2, NOW + 2
    after = told.show(build, at=160.0)
    assert named(after) == ["compile", "build"]
    assert [span.id for span in after] == [before[0].id, before[2].id]
    assert after[1].operation.state == "failed"


def test_a_held_crash_that_is_known_no_more_is_told(told):
    told.show(operation("a", "build", "crashed", ended=1))
    told.operations.clear()
    assert named(told.show(at=module.HELD)) == ["build"]


def test_of_many_stages_the_first_are_told_and_the_rest_is_counted(told, monkeypatch):
    monkeypatch.setattr(module, "STAGES_LIMIT", 3)
    build = operation("a", "build", "completed", ended=2)
    for number in range(10):
        stage(build, f"step {number}", "completed", started=0, ended=1)
    *stages, whole = told.show(build)
    assert len(stages) == 3
    assert attributes(whole, with_output=False)["headway.stages_left_out"] == 7


def test_what_is_remembered_is_bounded(told, monkeypatch):
    monkeypatch.setattr(module, "KNOWN_LIMIT", 3)
    for number in range(10):
        told.show(operation(f"o{number}", "x", "completed", ended=1))
    assert told.spans.remembered == 3


def test_what_is_open_stays_remembered(told, monkeypatch):
    monkeypatch.setattr(module, "KNOWN_LIMIT", 3)
    build = operation("a", "build")
    stage(build, "compile", "completed", started=0, ended=1)
    assert named(told.show(build)) == ["compile"]
    for number in range(10):
        told.show(operation(f"o{number}", "x", "completed", ended=1))
        assert told.show(build) == []
    assert told.spans.remembered <= 4


def test_nothing_that_may_be_a_line_of_output_is_told_unless_asked_for(told):
    build = operation(
        "a", "build", "failed", ended=1, error="secret error", message="secret message",
        reason="secret reason", exit_status=2, labels={"run": "42"},
    )  # fmt: skip
    stage(build, "compile", "failed", ended=1, detail="secret detail", error="secret", done=3)
    found = told.show(build)
    texts = [str(attributes(span, with_output=False)) for span in found]
    assert "secret" not in "".join(texts)
    whole = attributes(found[1], with_output=True)
    assert whole["process.exit.code"] == 2
    assert whole["headway.label.run"] == "42"
    assert whole["headway.message"] == "secret message"
    assert attributes(found[0], with_output=True)["headway.stage.detail"] == "secret detail"
