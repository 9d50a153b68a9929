"""Where the server is, and as whom to speak to it."""

import argparse
import base64

import pytest

from headway_viewer.fleet import server_access, subjects
from headway_viewer.fleet.server_access import Access, NotUsable


def arguments(*argv):
    parser = argparse.ArgumentParser()
    server_access.add_options(parser)
    return parser.parse_args(argv)


def test_what_is_shown_has_no_name_and_no_password():
    access = Access(("nats://ada:hunter2@db.example.org:4222", "tls://t0ken@b:5000"))
    assert access.shown == "nats://db.example.org,tls://b:5000"


@pytest.mark.parametrize("url", ["db", "http://db", "nats://", "nats://db:0", "nats://db:x", ""])
def test_what_is_no_server_is_refused_without_its_password(url):
    with pytest.raises(argparse.ArgumentTypeError, match="nats://HOST"):
        server_access.parse_url(url)
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        server_access.parse_url("http://ada:hunter2@db")
    assert "hunter2" not in str(caught.value)


def test_several_servers_of_a_cluster_are_one_access():
    assert server_access.access_of("nats://a,nats://b", arguments()).urls == (
        "nats://a",
        "nats://b",
    )


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(NotUsable, match="--tls-ca"):
        server_access.access_of("nats://a", arguments("--tls-ca", str(tmp_path / "none")))
    (tmp_path / "cert").touch()
    with pytest.raises(NotUsable, match="go together"):
        server_access.access_of("nats://a", arguments("--tls-cert", str(tmp_path / "cert")))


def test_the_environment_names_the_server():
    assert server_access.default_url({"HEADWAY_FLEET": "nats://a"}) == "nats://a"
    assert server_access.default_url({}) is None


def test_a_token_is_no_name_for_it_would_be_seen_in_the_subject_of_answers():
    access = Access(("nats://s3cret@db", "nats://ada:@db", "nats://:hunter2@db"))
    assert [access.user(url) for url in access.urls] == [None, "ada", ""]
    assert [subjects.of_inbox(access.user(url)) for url in access.urls] == [
        "_INBOX",
        "_INBOX.ada",
        "_INBOX",
    ]


def test_arguments_name_the_same_files_in_another_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    argv = ["--creds", "a", "--tls-ca=b/../c", "--tls-key", "/d", "--exec", "e", "--site=f"]
    assert server_access.from_anywhere(argv) == [
        *("--creds", f"{tmp_path}/a", f"--tls-ca={tmp_path}/c", "--tls-key", "/d"),
        *("--exec", "e", "--site=f"),
    ]


def test_a_user_is_the_name_in_the_url_or_the_key_of_the_credentials(tmp_path):
    access = Access(("nats://ada:hunter2@db", "nats://db"))
    assert [access.user(url) for url in access.urls] == ["ada", None]
    claims = base64.urlsafe_b64encode(b'{"sub":"UDXU4RCSJNZ"}').rstrip(b"=").decode()
    path = tmp_path / "ada.creds"
    path.write_text(
        f"-----BEGIN NATS USER JWT-----\nhead.{claims}.sig\n------END NATS USER JWT------\n"
        "-----BEGIN USER NKEY SEED-----\nSUA\n------END USER NKEY SEED------\n"
    )
    assert access._replace(credentials=str(path)).user("nats://db") == "UDXU4RCSJNZ"
    path.write_text("-----BEGIN NATS USER JWT-----\nnone\n")
    assert access._replace(credentials=str(path)).user("nats://db") is None
