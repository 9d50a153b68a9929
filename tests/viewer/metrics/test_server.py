import http.client
from importlib import import_module

import pytest

core = pytest.importorskip("prometheus_client.core", reason="metrics is an extra")
serving = import_module("headway_viewer.metrics.server")

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Collector:
    stopped = False

    def collect(self):
        if self.stopped:
            raise TimeoutError
        return [core.GaugeMetricFamily("headway_test", "A test.", 3)]


@pytest.fixture
def server():
    server = serving.MetricsServer(0, Collector())
    server.start()
    yield server
    server.close()


def asked(server, method="GET", path="/metrics", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, response.headers.get("Content-Type", ""), body


def test_a_scraper_gets_openmetrics_where_it_asks_for_it(server):
    status, kind, body = asked(server, Accept=OPENMETRICS)
    assert (status, kind.partition(";")[0]) == (200, "application/openmetrics-text")
    assert body.endswith("headway_test 3.0\n# EOF\n")
    status, kind, body = asked(server)
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    assert "headway_test 3.0\n" in body


@pytest.mark.parametrize(
    ("method", "path", "host", "status"),
    [
        ("GET", "/metrics", "evil.example", 421),
        ("GET", "/metrics", "127.0.0.1", 421),
        ("GET", "/elsewhere", None, 404),
        ("POST", "/metrics", None, 405),
    ],
)
def test_whoever_asks_otherwise_gets_nothing(server, method, path, host, status):
    found, _, body = asked(server, method, path, **({"Host": host} if host else {}))
    assert found == status
    assert "headway_test" not in body


def test_head_is_answered_as_get_without_the_page(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("HEAD", "/metrics")
    response = connection.getresponse()
    found = response.status, response.headers["Content-Length"], response.read()
    connection.close()
    assert found == (200, str(len(asked(server)[2])), b"")


def test_a_query_changes_nothing(server):
    assert asked(server, path="/metrics?name[]=elsewhere") == asked(server)


def test_a_command_that_is_stopped_is_told_to_the_scraper_alone(server, monkeypatch, capfd):
    monkeypatch.setattr(Collector, "stopped", True)
    status, _, body = asked(server)
    assert status == 503
    assert "stopped" in body
    assert capfd.readouterr().err == ""


def test_a_port_that_is_taken_is_an_error(server):
    with pytest.raises(OSError, match="in use"):
        serving.MetricsServer(server.port, Collector())
