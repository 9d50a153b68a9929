import http.server
import json
import threading

import pytest

from headway_viewer.notify.channels.ntfy import NtfyChannel
from headway_viewer.notify.notice import CRITICAL, LOW, Notice

NOTICE = Notice("key", "failed", "ünï failed\x1b", "404 Not Found\nin Fetch", "In Fetch", CRITICAL)


@pytest.fixture
def server():
    """A server that keeps what is posted, and answers with `status`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.posted.append((self.path, json.loads(body), dict(self.headers)))
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.posted, server.status = [], 200
    server.url = f"127.0.0.1:{server.server_port}/sub/mine"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


def test_a_notice_is_published_to_the_topic(server):
    NtfyChannel(f"http://{server.url}", with_output=False).deliver(NOTICE)
    ((path, message, headers),) = server.posted
    assert path == "/sub/"
    assert message == {
        "topic": "mine",
        "title": "ünï failed␛",
        "message": "In Fetch",
        "priority": 4,
        "tags": ["x"],
    }
    assert "Authorization" not in headers


def test_output_is_sent_along_only_where_asked_for(server):
    channel = NtfyChannel(f"http://{server.url}/", with_output=True)
    channel.deliver(NOTICE._replace(event="completed", urgency=LOW))
    ((_, message, _),) = server.posted
    assert message["message"] == "404 Not Found\nin Fetch"
    assert (message["priority"], message["tags"]) == (2, [])


def test_who_may_publish_stands_in_the_address_and_goes_into_the_header(server):
    NtfyChannel(f"http://me:p%40ss@{server.url}", with_output=False).deliver(NOTICE)
    assert server.posted[0][2]["Authorization"] == "Basic bWU6cEBzcw=="


def test_a_server_that_answers_500_is_an_error_in_words(server):
    server.status = 500
    with pytest.raises(OSError, match=r"^the server answers 500$"):
        NtfyChannel(f"http://{server.url}", with_output=False).deliver(NOTICE)


def test_a_server_that_is_not_there_is_an_error_in_words():
    with pytest.raises(OSError, match="cannot be reached"):
        NtfyChannel("http://127.0.0.1:1/x", with_output=False).deliver(NOTICE)


def test_whoever_publishes_to_a_topic_is_of_its_kind():
    urls = ["https://ntfy.sh/a", "https://me:secret@ntfy.sh/a/", "https://ntfy.sh/b"]
    kinds = [NtfyChannel(url, with_output=False).kind for url in urls]
    assert kinds[0] == kinds[1] != kinds[2]
