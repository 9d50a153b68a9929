import sys
import threading
from types import ModuleType

import pytest

import headway
from headway.host import server_process


@pytest.fixture
def serve(monkeypatch):
    """Calls a function as a web server would, on the main thread's stack."""
    module = ModuleType("uvicorn.server")
    exec("def serve(call):\n    return call()", vars(module))
    monkeypatch.setitem(sys.modules, "uvicorn.server", module)
    return module.serve


def test_a_server_on_the_stack_is_seen(serve):
    assert serve(server_process.is_serving)


def test_also_from_another_thread(serve):
    found = []

    def wait():
        thread = threading.Thread(target=lambda: found.append(server_process.is_serving()))
        thread.start()
        thread.join()

    serve(wait)
    assert found == [True]


def test_one_that_is_only_imported_serves_nothing(serve):
    assert not server_process.is_serving()


def test_what_a_request_does_is_not_drawn_and_leaves_no_receipt(reporter, clock, serve):
    def request():
        with headway.operation("Request") as op:
            clock.advance(9.0)
        return op

    op = serve(request)
    assert op.model.display == "quiet"
    assert reporter.receipts.pending() == {}


def test_what_is_to_be_drawn_all_the_same_is(reporter, serve):
    assert serve(lambda: headway.operation("Request", display="plain")).model.display == "plain"
