"""The metrics as families of the official Prometheus client. Needs the extra `metrics`."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.utils import floatToGoString

from headway.states import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    FAILED,
    PENDING,
    RUNNING,
    UNJUDGED,
    WAITING,
)
from headway_viewer.metrics.histogram import Histogram
from headway_viewer.metrics.tallies import Tallies

STATES = (PENDING, RUNNING, WAITING, COMPLETED, FAILED, CANCELLED, CRASHED, UNJUDGED)


class Seen(NamedTuple):
    """The facts of one scrape; `status` is what the broker says of itself, None without one."""

    states: Mapping[str, int]
    silent: int
    stalled: int
    status: Mapping[str, Any] | None
    spool: tuple[int, int] | None  # files that wait for a broker, and that were set aside


def families(seen: Seen, tallies: Tallies) -> Iterator[Metric]:
    """Yield all metrics."""
    yield from _of_operations(seen)
    yield from _of_ends(tallies)
    yield from _of_broker(seen)


def _of_operations(seen: Seen) -> Iterator[Metric]:
    by_state = GaugeMetricFamily(
        "headway_operations",
        "Operations that the broker knows, by state; ended ones for an hour.",
        labels=["state"],
    )
    for state in STATES:
        by_state.add_metric([state], seen.states.get(state, 0))
    yield by_state
    yield GaugeMetricFamily(
        "headway_operations_silent", "Open operations of which nothing is heard.", seen.silent
    )
    yield GaugeMetricFamily(
        "headway_operations_stalled", "Open operations whose counts stand still.", seen.stalled
    )


def _of_ends(tallies: Tallies) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "headway_operations_begun", "Operations that have begun.", tallies.begun
    )
    durations = HistogramMetricFamily(
        "headway_operation_duration_seconds",
        "Seconds from the start of operations to their end, by history key and outcome.",
        labels=["key", "name", "outcome"],
        unit="seconds",
    )
    for series, histogram in tallies.durations.items():
        durations.add_metric(list(series), *_buckets(histogram))
    yield durations
    factors = HistogramMetricFamily(
        "headway_estimate_error_factor",
        "By what factor the estimates of a completed operation were typically off, either way.",
    )
    factors.add_metric([], *_buckets(tallies.factors))
    yield factors
    estimated = CounterMetricFamily(
        "headway_estimate_seconds",
        "Seconds of completed operations in which their end was in the estimated range or not.",
        labels=["end"],
        unit="seconds",
    )
    for part, seconds in tallies.estimated.items():
        estimated.add_metric([part], seconds)
    yield estimated


def _of_broker(seen: Seen) -> Iterator[Metric]:
    status = seen.status
    yield GaugeMetricFamily(
        "headway_broker_up", "Whether a broker answers.", int(status is not None)
    )
    if seen.spool is not None:
        spool = GaugeMetricFamily(
            "headway_spool_files",
            "Files of what programs began or ended that wait for a broker, or that it set aside.",
            labels=["kind"],
        )
        for kind, files in zip(("waiting", "aside"), seen.spool):
            spool.add_metric([kind], files)
        yield spool
    if status is None:
        return
    yield InfoMetricFamily(
        "headway_broker", "The broker.", {"version": str(status.get("version", ""))}
    )
    yield GaugeMetricFamily(
        "headway_broker_uptime_seconds",
        "Seconds since the broker was started.",
        _number(status.get("uptime")),
        unit="seconds",
    )
    connected = GaugeMetricFamily(
        "headway_connections",
        "Programs that report, viewers, and listeners: all that look at no screen.",
        labels=["role"],
    )
    for role, name in (("worker", "workers"), ("viewer", "viewers"), ("listener", "listeners")):
        connected.add_metric([role], _number(status.get(name)))
    yield connected
    yield GaugeMetricFamily(
        "headway_stages", "Stages that the broker keeps.", _number(status.get("stages"))
    )
    if status.get("rss") is not None:
        yield GaugeMetricFamily(
            "headway_broker_resident_memory_bytes",
            "Memory of the broker.",
            _number(status.get("rss")),
            unit="bytes",
        )
    ingest = status.get("ingest") or {}
    for name, about in (
        ("messages", "Messages of programs that the broker has taken in."),
        ("updates", "Changes of operations and stages that these told."),
    ):
        yield CounterMetricFamily(f"headway_ingest_{name}", about, _number(ingest.get(name)))
    dropped = CounterMetricFamily(
        "headway_dropped", "What the broker has dropped or refused, by reason.", labels=["reason"]
    )
    for reason, count in sorted((status.get("dropped") or {}).items()):
        dropped.add_metric([str(reason)], _number(count))
    yield dropped


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    found = [(floatToGoString(bound), float(count)) for bound, count in histogram.cumulative()]
    return found, histogram.sum


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
