from __future__ import annotations

import pytest

from headway_viewer.web import access

SITE = access.Site("http", access.LOOPBACK, 8080, "secret")
PLACE = {"host": "127.0.0.1:8080"}
OURS = {**PLACE, "origin": "http://127.0.0.1:8080"}
TOKEN = {"headway-8080": "secret"}


def status(headers, cookies, *, changes=False):
    found = access.refusal(SITE, headers, cookies, changes=changes)
    return None if found is None else found[0]


def test_the_page_itself_may_look_and_ask():
    assert status(PLACE, TOKEN) is None
    assert status(OURS, TOKEN, changes=True) is None
    assert status({**OURS, "host": "localhost:8080"}, TOKEN) is None


@pytest.mark.parametrize("cookies", [{}, {"headway-8080": "wrong"}, {"headway-9090": "secret"}])
def test_without_the_token_nothing_is_shown(cookies):
    assert status(PLACE, cookies) == 403


@pytest.mark.parametrize("host", ["evil.example:8080", "evil.example", "127.0.0.1", ""])
def test_a_name_that_was_bound_to_this_machine_by_somebody_else_is_refused(host):
    assert status({"host": host}, TOKEN) == 421


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:8080", "http://127.0.0.1:9090"]
)
def test_a_page_of_somebody_else_may_not_ask(origin):
    assert status({**PLACE, "origin": origin}, TOKEN) == 403
    assert status({**PLACE, "origin": origin}, TOKEN, changes=True) == 403


def test_what_changes_something_has_to_say_who_asks():
    assert status(PLACE, TOKEN, changes=True) == 403


def test_a_token_of_other_characters_is_wrong_and_no_error():
    assert not access.is_token(SITE, "sécret\ud800".encode("utf-8", "replace").decode())
    assert not access.is_token(SITE, None)


def test_the_url_names_the_first_host_and_the_token():
    assert SITE.url == "http://127.0.0.1:8080/?token=secret"
    assert access.wrong_place(SITE._replace(port=80), {"host": "localhost"}) is None


@pytest.mark.parametrize("host", ["192.168.7.20", "[fe80::1]"])
def test_who_listens_everywhere_is_known_by_each_address_and_by_no_other_name(host):
    site = SITE._replace(hosts=("box", "localhost"), everywhere=True)
    place = f"{host}:8080"
    assert access.wrong_place(site, {"host": place, "origin": f"http://{place}"}) is None
    assert access.wrong_place(site, {"host": place, "origin": "http://10.0.0.9:8080"})[0] == 403
    assert access.wrong_place(site, {"host": host})[0] == 421, "another port"
    for name in ("evil.example:8080", "192.168.7.20.evil.example:8080", ":8080", ""):
        assert access.wrong_place(site, {"host": name})[0] == 421
    assert access.wrong_place(site._replace(everywhere=False), {"host": place})[0] == 421
