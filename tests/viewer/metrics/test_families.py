import json
import os
import re
import shutil
import subprocess
from importlib import import_module

import pytest
from machine import ROOT
from showcase import NOW, operation

from headway_viewer.metrics.tallies import Tallies

client = pytest.importorskip("prometheus_client", reason="metrics is an extra")
exposition = import_module("prometheus_client.openmetrics.exposition")
parser = import_module("prometheus_client.openmetrics.parser")
metrics = import_module("headway_viewer.metrics.families")

STATUS = {
    "version": "1.2",
    "uptime": 12.5,
    "workers": 3,
    "viewers": 1,
    "listeners": 2,
    "stages": 7,
    "rss": 40_000_000,
    "ingest": {"messages": 10, "updates": 20},
    "dropped": {"stale": 2},
}
SPOOL = (4, 1)
LABELS_OF = {"le", "state", "outcome", "key", "name", "end", "kind", "role", "reason", "version"}


def tallied():
    tallies = Tallies(named=True)
    for name in ("a", "b"):
        ended = operation(name, 'a "quoted"\nname\\', "completed", started=1, ended=40)
        tallies.absorb([name], [], {name: ended}, NOW, NOW, lambda _: None)
    return tallies


def exposed(status=STATUS, spool=SPOOL, generate=exposition.generate_latest):
    class Collector:
        def collect(self):
            return metrics.families(
                metrics.Seen({"running": 3, "failed": 1}, 1, 0, status, spool), tallied()
            )

    registry = client.CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return generate(registry).decode()


def samples(page):
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in parser.text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_the_page_is_openmetrics_and_says_what_was_counted():
    found = samples(exposed())
    assert found["headway_operations", "running"] == 3
    assert found["headway_operations", "crashed"] == 0
    assert found["headway_operations_begun_total",] == 2
    assert found["headway_ingest_updates_total",] == 20
    assert found["headway_dropped_total", "stale"] == 2
    assert found["headway_spool_files", "waiting"] == 4
    [count] = [value for key, value in found.items() if key[0].endswith("duration_seconds_count")]
    assert count == 2
    assert found["headway_broker_up",] == 1


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Debian's prometheus: 96 MB")
def test_promtool_finds_nothing_wrong_with_the_page():
    page = exposed(generate=client.generate_latest)
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_a_broker_it_says_so_and_still_tells_what_was_counted():
    found = samples(exposed(status=None, spool=None))
    assert found["headway_broker_up",] == 0
    assert found["headway_operations_begun_total",] == 2
    assert not any(name.startswith("headway_ingest") for name, *_ in found)


def test_no_label_is_about_a_single_operation():
    found = {
        label
        for family in parser.text_string_to_metric_families(exposed())
        for sample in family.samples
        for label in sample.labels
    }
    assert found == LABELS_OF


def test_the_dashboard_asks_for_what_there_is():
    known = {name for name, *_ in samples(exposed())}
    with open(os.path.join(ROOT, "examples", "grafana-dashboard.json")) as file:
        dashboard = json.load(file)
    queries = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    assert len(queries) >= 10
    for query in queries:
        named = re.findall(r"\bheadway_\w+", query)
        assert named
        assert set(named) <= known, query
        used = re.findall(r"by \(([^)]*)\)|(\w+)=~?\"", query)
        words = {word for both in used for part in both for word in re.split(r"[ ,]+", part)}
        assert words - {""} <= LABELS_OF, query
