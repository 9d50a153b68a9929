"""Spans for the SDK of OpenTelemetry, and their way to a collector. Needs the extra `otel`.

Shell: the SDK's processor has a queue and a thread of its own. Its exporter gives up after some ten
seconds, or at once; so it is asked again, while the queue fills.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any, Callable, Mapping, Sequence
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from headway.states import COMPLETED, CRASHED, FAILED
from headway.version import VERSION
from headway_viewer.otel.spans import Span, attributes

QUEUE = 16_384  # spans that wait for the collector; further ones are dropped, and that is said
BATCH = 512
DELAY = 5_000  # milliseconds for which spans gather, as by default
LAST = 3.0  # seconds for what waits when the command ends
# Seconds for which the same spans are tried, and between two tries: from the first to the last.
PATIENCE = 600.0
RETRY_FIRST, RETRY_LAST = 1.0, 30.0
REPEAT = 60.0  # seconds until the same problem is told again
PATH = "/v1/traces"


class Collector:
    """Takes spans at any time, and sends them."""

    def __init__(
        self,
        url: str | None,
        unix: Callable[[float], float],
        *,
        with_output: bool,
        exporter: SpanExporter | None = None,
    ) -> None:
        """Send to `url`, or where the environment says (`OTEL_EXPORTER_OTLP_ENDPOINT`).

        `unix` turns the broker's time into Unix time.
        """
        self._unix = unix
        self._with_output = with_output
        self._resource = Resource.create(
            {} if _is_named(os.environ) else {"service.name": "headway"}
        )
        self._scope = InstrumentationScope("headway", VERSION)
        self._exporter = PatientExporter(
            exporter or OTLPSpanExporter(endpoint=url and with_path(url))
        )
        self._processor = BatchSpanProcessor(
            self._exporter,
            max_queue_size=QUEUE,
            schedule_delay_millis=DELAY,
            max_export_batch_size=BATCH,
        )

    def take(self, span: Span) -> None:
        """Queue a span."""
        self._processor.on_end(self._made(span))

    def close(self) -> None:
        """Send what waits, for a moment, and end."""
        self._exporter.hurry()
        last = threading.Thread(target=self._finish, daemon=True)
        last.start()
        last.join(LAST)

    def _finish(self) -> None:
        self._processor.force_flush()
        self._processor.shutdown()

    def _made(self, span: Span) -> ReadableSpan:
        flags = TraceFlags(TraceFlags.SAMPLED if span.sampled else TraceFlags.DEFAULT)
        parent = None
        if span.parent is not None:
            parent = SpanContext(span.trace, span.parent, span.remote, flags)
        one = span.operation if span.stage is None else span.stage
        return ReadableSpan(
            one.name,
            SpanContext(span.trace, span.id, is_remote=False, trace_flags=flags),
            parent,
            self._resource,
            attributes(span, with_output=self._with_output),
            kind=SpanKind.INTERNAL,
            status=self._status(one.state, one.error),
            start_time=self._nanoseconds(span.start),
            end_time=self._nanoseconds(span.end),
            instrumentation_scope=self._scope,
        )

    def _status(self, state: str, error: str | None) -> Status:
        if state == COMPLETED:
            return Status(StatusCode.OK)
        if state in (FAILED, CRASHED):
            return Status(StatusCode.ERROR, error if self._with_output else None)
        return Status(StatusCode.UNSET)

    def _nanoseconds(self, at: float) -> int:
        return int(self._unix(at) * 1e9)


class PatientExporter(SpanExporter):
    """Tries the same spans again until they are taken, it is told to hurry, or it is too late."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._hurries = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans; return whether they were taken."""
        until = time.monotonic() + PATIENCE
        pause = RETRY_FIRST
        while True:
            result = self._try(spans)
            if result is SpanExportResult.SUCCESS or time.monotonic() > until:
                return result
            if self._hurries.wait(pause):
                return result
            pause = min(2 * pause, RETRY_LAST)

    def hurry(self) -> None:
        """Try each once from now on."""
        self._hurries.set()

    def shutdown(self) -> None:
        """End."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return whether nothing waits, as the interface asks for."""
        return self._exporter.force_flush(timeout_millis)

    def _try(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            return self._exporter.export(spans)
        except Exception as error:  # earlier versions raise what is wrong with the connection
            logging.getLogger("opentelemetry").warning("the collector is not reached: %s", error)
            return SpanExportResult.FAILURE


class Problems(logging.Handler):
    """Hands on what the SDK logs, the same only once a minute."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say
        self._told: dict[str, float] = {}
        logger = logging.getLogger("opentelemetry")
        logger.addHandler(self)
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Say what was logged."""
        now = time.monotonic()
        template = str(record.msg)
        if now - self._told.get(template, float("-inf")) >= REPEAT:
            self._told[template] = now
            self._say(record.getMessage().partition("\n")[0])


def with_path(url: str) -> str:
    """Return the URL to which traces go: of a collector alone, the usual path of it."""
    return url.rstrip("/") + PATH if urlsplit(url).path in ("", "/") else url


def _is_named(environ: Mapping[str, Any]) -> bool:
    """Return whether the environment says what the service is called."""
    told = environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return bool(environ.get("OTEL_SERVICE_NAME")) or "service.name=" in told
