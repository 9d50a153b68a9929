"""Single fields and records: what is taken, what is cut and what is refused."""

from __future__ import annotations

import math

import pytest

from headway.model import Operation, Stage
from headway.protocol import checks
from headway.protocol.checks import OPERATION_LEAST, STAGE_LEAST, Malformed
from headway.records import OPERATION_FIELDS, STAGE_FIELDS

SPAN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("check", "taken", "refused"),
    [
        (checks.name, ["", "x"], [None, b"x", 7]),
        (checks.optional(checks.name), [None, "x"], [7]),
        (checks.whole, [0, 2**53 - 1], [-1, 2**53, 1.0, True, "1", None]),
        (checks.time, [0, -5.5, 1e11], [math.nan, math.inf, 1e13, True, "now"]),
        (checks.number, [0, -5.5, 2**63 - 1], [math.nan, math.inf, 2**63, True, "1"]),
        (checks.finite, [0, -5.5, 1e300], [math.nan, math.inf, -math.inf, False, None]),
        (checks.fraction, [0, 0.5, 1], [-0.1, 1.1, math.nan, True, None]),
        (checks.flag, [True, False], [0, None, "true"]),
        (checks.one_of({"a", "b"}), ["a"], ["c", None, []]),
        (checks.labels, [{"run": "42"}, {"a": ""}], [[], {"a": 1}, {1: "a"}, "run=42", None]),
        (checks.traceparent, [SPAN], [SPAN.upper(), SPAN[:-1], "", None, 7]),
        (checks.notify, [None, True, False, "error", "sent"], ["loud", 1, []]),
        (checks.mapping, [{}, {1: "x"}], [[], None]),
        (checks.array, [[], [1]], [{}, None, "x"]),
        (checks.array_of(checks.whole), [[], [1]], [[1, -1], 7]),
    ],
    ids=range(15),
)
def test_a_check_takes_what_it_is_for_and_nothing_else(check, taken, refused):
    for value in taken:
        assert check(value) == value
    for value in refused:
        with pytest.raises(Malformed):
            check(value)


def test_a_text_that_is_too_long_is_cut():
    assert checks.text(4)("abcdef") == "abc…"


@pytest.mark.parametrize(
    "made", [Operation("abcdefghijkl", "x"), Stage(1, "x")], ids=["op", "stage"]
)
def test_a_record_may_be_longer_but_not_shorter_than_in_version_1_0(made):
    check = checks.operation_record if isinstance(made, Operation) else checks.stage_record
    record = made.record()

    assert check([*record, "new"]) == record
    with pytest.raises(Malformed, match="at least"):
        check(record[: (OPERATION_LEAST if isinstance(made, Operation) else STAGE_LEAST) - 1])


def test_the_field_that_is_wrong_is_named():
    with pytest.raises(Malformed, match="state: one of"):
        checks.stage_record([*Stage(1, "x").record()[:3], "strange", *Stage(1, "x").record()[4:]])


def test_every_field_of_a_record_has_a_check():
    assert tuple(checks.OPERATION) == OPERATION_FIELDS
    assert tuple(checks.STAGE) == STAGE_FIELDS


def test_labels_are_cut_at_their_limits():
    assert len(checks.labels({str(number): "x" for number in range(100)})) == 16
    assert checks.labels({"k" * 500: "v" * 500}) == {"k" * 63 + "…": "v" * 255 + "…"}
    assert checks.labels({}) is None


ODD = (
    *(None, True, 0, 1, -1, 255, 2**53, 2**53 - 1, 2**63, -(2**63), 10**400, 0.5, 1e12, -2e12),
    *(
        float("nan"),
        float("inf"),
        "",
        "running",
        "x" * 256,
        "x" * 257,
        "x" * 4096,
        "x" * 4097,
        b"x",
    ),
    *([], ["a", "b"], {}, {"k": "v"}, {"k": 1}, {1: "v"}, ["job", 0, 2], "error"),
)


@pytest.mark.parametrize(
    ("check", "every", "least", "made"),
    [
        (checks.stage_record, checks.STAGE, STAGE_LEAST, Stage(1, "x")),
        (checks.operation_record, checks.OPERATION, OPERATION_LEAST, Operation("abc", "x")),
    ],
    ids=["stage", "operation"],
)
def test_the_short_way_of_a_record_finds_what_its_fields_do(check, every, least, made):
    slow = checks.fields(tuple(every), every.values(), least)

    def outcome(test, record):
        try:
            return repr(list(test(list(record))))
        except Malformed as error:
            return str(error)

    record = made.record()
    assert outcome(check, record) == outcome(slow, record)
    for place in range(len(record)):
        for odd in ODD:
            some = [*record[:place], odd, *record[place + 1 :]]
            assert outcome(check, some) == outcome(slow, some), (place, odd)
