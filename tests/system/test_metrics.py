"""`headway metrics` beside a real broker, read as Prometheus reads it."""

import http.client
import signal

import pytest
from machine import HEADWAY, until
from sandbox import let_go

parser = pytest.importorskip(
    "prometheus_client.openmetrics.parser", reason="prometheus-client is not installed"
)


def page(url, accept=""):
    _, _, place = url.partition("//")
    host, _, path = place.partition("/")
    connection = http.client.HTTPConnection(host, timeout=20)
    connection.request("GET", f"/{path}", headers={"Accept": accept})
    body = connection.getresponse().read().decode()
    connection.close()
    return body


def samples(url):
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in parser.text_string_to_metric_families(
            page(url, "application/openmetrics-text")
        )
        for sample in family.samples
    }


@pytest.mark.starts_broker
def test_it_counts_what_ends_and_looks_at_no_screen(sandbox):
    # One test for all: a broker, programs and the command take seconds to start.
    held = sandbox.held("Nightly build")
    command = sandbox.spawn(*HEADWAY, "metrics", "--with-names", "--port", "0")
    url = command.stdout.readline().strip()
    until(lambda: samples(url)["headway_operations", "running"], "the operation")
    found = samples(url)
    assert found["headway_broker_up",] == 1
    assert found["headway_connections", "worker"] == 1
    # Neither a program is hurried nor the broker kept by who reads this.
    status = sandbox.ask("status")
    assert (status["viewers"], status["listeners"]) == (0, 1)
    let_go(held)

    def ended():
        some = samples(url)
        ends = [key for key in some if key[0] == "headway_operation_duration_seconds_count"]
        return [key for key in ends if "Nightly build" in key and "completed" in key]

    assert len(until(ended, "its end")) == 1
    command.send_signal(signal.SIGINT)
    assert command.wait(20) == 0
    assert command.stderr.read() == ""
