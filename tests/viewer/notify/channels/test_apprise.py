import sys
import types

import pytest

from headway_viewer.notify.channels.apprise import AppriseChannel
from headway_viewer.notify.notice import Notice

NOTICE = Notice("key", "failed", "npm failed\x1b", "404 Not Found\nin Fetch", "In Fetch")


class Apprise:
    """Plays the library: knows addresses of one kind, and keeps what is sent."""

    sent: list
    answer = True

    def add(self, url):
        return url.startswith("json://")

    def notify(self, **message):
        Apprise.sent.append(message)
        return Apprise.answer


@pytest.fixture(autouse=True)
def library(monkeypatch):
    monkeypatch.setattr(Apprise, "sent", [], raising=False)
    monkeypatch.setattr(Apprise, "answer", True)
    monkeypatch.setitem(sys.modules, "apprise", types.SimpleNamespace(Apprise=Apprise))


@pytest.mark.parametrize(
    ("with_output", "body"), [(False, "In Fetch"), (True, "404 Not Found\nin Fetch")]
)
def test_a_notice_is_sent_with_output_only_where_asked_for(with_output, body):
    AppriseChannel(["json://host"], with_output=with_output).deliver(NOTICE)
    assert Apprise.sent == [{"title": "npm failed␛", "body": body, "notify_type": "failure"}]


def test_what_is_not_sent_is_an_error():
    Apprise.answer = False
    with pytest.raises(OSError, match="could not send"):
        AppriseChannel(["json://host"], with_output=False).deliver(NOTICE)


def test_an_address_of_no_known_kind_is_refused():
    with pytest.raises(ValueError, match="does not know"):
        AppriseChannel(["nonsense"], with_output=False)


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[notify\]'"):
        AppriseChannel(["json://host"], with_output=False)
