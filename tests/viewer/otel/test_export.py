import logging
import socket
import time
from importlib import import_module

import pytest
from otlp_receiver import receiver
from showcase import NOW, operation, stage

from headway_viewer.otel.spans import Spans

pytest.importorskip("opentelemetry.sdk", reason="otel is an extra")
export = import_module("headway_viewer.otel.export")

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def spans_of(*operations):
    known = {one.id: one for one in operations}
    return Spans().ended(list(known), known, NOW, 0.0)


def sent(*operations, **options):
    """What a receiver has of these operations."""
    with receiver() as (url, found):
        collector = export.Collector(url, lambda at: at + 1e9, **{"with_output": False, **options})
        for span in spans_of(*operations):
            collector.take(span)
        collector.close()
    return found


def test_a_collector_has_the_operation_and_its_stages_inside_the_trace():
    build = operation(
        "a", "build", "failed", started=1, ended=4, traceparent=TRACEPARENT, error="secret",
        exit_status=2,
    )  # fmt: skip
    stage(build, "compile", "completed", started=1, ended=2.5, done=3, total=4)
    inner, whole = sent(build)
    assert (whole["name"], inner["name"]) == ("build", "compile")
    assert whole["trace"] == inner["trace"] == TRACEPARENT.split("-")[1]
    assert whole["parent"] == TRACEPARENT.split("-")[2]
    assert inner["parent"] == whole["id"]
    assert whole["end"] - whole["start"] == 3e9
    assert whole["start"] == (NOW + 1 + 1e9) * 1e9
    assert (whole["status"], inner["status"]) == ((2, ""), (1, ""))
    assert whole["attributes"]["process.exit.code"] == 2
    assert inner["attributes"]["headway.stage.total"] == 4
    assert whole["resource"]["service.name"] == "headway"


def test_errors_are_told_where_asked_for():
    [whole] = sent(operation("a", "x", "failed", ended=1, error="no room"), with_output=True)
    assert whole["status"] == (2, "no room")


def test_the_environment_says_what_the_service_is_called(monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "builds")
    [whole] = sent(operation("a", "x", "cancelled", ended=1))
    assert whole["resource"]["service.name"] == "builds"
    assert whole["status"] == (0, "")


def test_a_collector_that_refuses_is_told_once_and_costs_nothing_else():
    told = []
    problems = export.Problems(told.append)
    try:
        with receiver(refusals=9) as (url, found):
            for _ in range(2):
                collector = export.Collector(url, lambda at: at, with_output=False)
                for span in spans_of(operation("a", "x", "completed", ended=1)):
                    collector.take(span)
                collector.close()
    finally:
        logging.getLogger("opentelemetry").removeHandler(problems)
        logging.getLogger("opentelemetry").propagate = True
    assert found == []
    assert len(told) == 1
    assert "400" in told[0]


class Away:
    """An exporter whose collector is away for so many tries."""

    def __init__(self, tries, failure):
        self.left, self.failure, self.taken = tries, failure, []

    def export(self, spans):
        if self.left:
            self.left -= 1
            if isinstance(self.failure, Exception):
                raise self.failure
            return self.failure
        self.taken += spans
        return export.SpanExportResult.SUCCESS


@pytest.mark.parametrize(
    "failure", [export.SpanExportResult.FAILURE, ConnectionError("refused")], ids=str
)
def test_what_a_collector_did_not_take_is_sent_again(failure, monkeypatch):
    monkeypatch.setattr(export, "RETRY_FIRST", 0.001)
    away = Away(3, failure)
    exporter = export.PatientExporter(away)
    assert exporter.export(["span"]) is export.SpanExportResult.SUCCESS
    assert away.taken == ["span"]
    monkeypatch.setattr(export, "PATIENCE", -1.0)
    away = Away(9, failure)
    assert export.PatientExporter(away).export(["span"]) is export.SpanExportResult.FAILURE
    assert away.left == 8


def test_the_command_ends_though_the_collector_never_answers(monkeypatch):
    monkeypatch.setattr(export, "LAST", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        collector = export.Collector(url, lambda at: at, with_output=False)
        for span in spans_of(operation("a", "x", "completed", ended=1)):
            collector.take(span)
        begun = time.monotonic()
        collector.close()
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("url", "then"),
    [
        ("http://h:4318", "http://h:4318/v1/traces"),
        ("http://h/", "http://h/v1/traces"),
        ("https://h/otlp/v1/traces", "https://h/otlp/v1/traces"),
    ],
)
def test_the_usual_path_is_added_where_there_is_none(url, then):
    assert export.with_path(url) == then
