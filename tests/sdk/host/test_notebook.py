import sys
from types import SimpleNamespace

import pytest

from headway.host import notebook


class Publisher:
    def __init__(self):
        self.parent_header = {"msg_id": "cell"}
        self.published = []
        self.session = SimpleNamespace(send=lambda *what, **named: self.published.append(named))
        self.pub_socket = object()

    def publish(self, **what):
        self.published.append(what)


@pytest.fixture
def publisher(monkeypatch):
    """A kernel that this process seems to be, by what shows its displays."""
    publisher = Publisher()
    shell = SimpleNamespace(kernel=object(), display_pub=publisher, user_ns={})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return publisher


def test_a_process_without_a_kernel_has_no_notebook(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert notebook.shell() is None
    assert notebook.name() is None
    assert not notebook.show("key", {})


def test_a_forked_child_of_a_kernel_is_none(publisher):
    notebook.shell().kernel = SimpleNamespace(session=SimpleNamespace(pid=1))
    assert notebook.shell() is None


def test_the_notebook_is_named_by_the_server(publisher, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/a/study.ipynb")
    assert notebook.name() == "study.ipynb"


def test_or_by_an_editor(publisher):
    notebook.shell().user_ns["__vsc_ipynb_file__"] = "/home/a/other.ipynb"
    assert notebook.name() == "other.ipynb"


def test_or_by_nobody(publisher, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "console-1")
    assert notebook.name() == "notebook"


def test_a_process_that_a_kernel_has_spawned_is_named_so_too(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/lib/ipykernel_launcher.py", "-f", "x"])
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/a/study.ipynb")
    assert notebook.name() == "study.ipynb"


def test_a_display_is_shown_in_the_cell_that_is_given(publisher):
    where = notebook.cell()
    assert notebook.show("key", {"text/plain": "a"}, where)
    assert publisher.published[0]["parent"] is where


def test_without_one_it_is_shown_in_the_cell_that_runs(publisher):
    notebook.show("key", {"text/plain": "a"})
    assert publisher.published[0]["transient"] == {"display_id": "key"}


def test_what_replaces_it_has_its_id(publisher):
    notebook.replace("key", {"text/plain": "b"})
    assert publisher.published[0]["update"]
    assert publisher.published[0]["transient"] == {"display_id": "key"}


def test_what_a_cell_captures_is_not_replaced_again_and_again(publisher):
    del publisher.session
    notebook.replace("key", {"text/plain": "b"})
    assert publisher.published == []
