from __future__ import annotations

import os
import signal
import sys

import pytest

from headway.run import own_tools
from headway.run.own_tools import OwnTools
from headway.run.parsers import registry
from headway.run.reading.command_line import parse_command_line
from headway.run.reading.events import OUTPUT, StageMoved, StageStarted
from headway.run.tables_file import tables_path

pytest.importorskip("tomllib" if sys.version_info >= (3, 11) else "tomli")
TABLE = """
[frob]
words = ["build"]
[[frob.line]]
match = '^copied (?P<done>[0-9]+) of (?P<total>[0-9]+)'
stage = "Copy"
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(registry, "PARSERS", dict(registry.PARSERS))
    monkeypatch.setattr(registry, "_tools", {})
    before = signal.getsignal(signal.SIGVTALRM)
    (tmp_path / "headway").mkdir()
    yield
    signal.signal(signal.SIGVTALRM, before)


def loaded(text):
    with open(tables_path(), "w") as file:
        file.write(text)
    own = OwnTools()
    own.load_file()
    return own


def parser_of(line):
    command = parse_command_line(line.split())
    return registry.make_parser(registry.find_parser_module(command.program), command)


def test_a_table_of_the_user_makes_a_program_known():
    own = loaded(TABLE)
    assert (
        registry.name_command(parse_command_line(["frob", "build", "secret"]), "/") == "frob build"
    )
    assert parser_of("frob").feed("copied 3 of 9", OUTPUT)[-1] == StageMoved("Copy", 3, 9)
    assert own.complaints == []


def test_without_a_file_nothing_is_wrong():
    own = OwnTools()
    own.load_file()
    assert own.complaints == []


@pytest.mark.parametrize("text", ["[frob", "\0", "x" * (own_tools.FILE_BYTES + 1)])
def test_a_file_that_cannot_be_read_is_one_complaint(text):
    own = loaded(text)
    assert len(own.complaints) == 1
    assert own.complaints[0].startswith(tables_path())
    assert "\n" not in own.complaints[0]
    assert not registry.is_known("frob")


def test_a_wrong_table_is_a_complaint_only_where_its_tool_is_run():
    own = loaded(TABLE + "\n[bad]\n[[bad.line]]\nmatch = '('\n")
    assert own.complaints == []
    assert parser_of("bad").feed("x", OUTPUT) == []
    assert len(own.complaints) == 1
    assert "the parser of bad" in own.complaints[0]


def test_a_pattern_that_backtracks_is_off_after_one_line():
    own = loaded("[slow]\n[[slow.line]]\nmatch = '^(a+)+$'\n")
    parser = parser_of("slow")
    for _ in range(3):
        assert parser.feed("a" * 60 + "b", OUTPUT) == []
    assert parser.finish(0) == []
    assert own.complaints == ["the parser of slow takes too long for a line; it is off"]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package with a parser for the program `plugged`."""
    (tmp_path / "plugged-1.dist-info").mkdir()
    (tmp_path / "plugged-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: plugged\n"
    )
    (tmp_path / "plugged-1.dist-info" / "entry_points.txt").write_text(
        "[headway_parsers]\nplugged = plugged_parser\ngit = plugged_parser\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(feed):
        (tmp_path / "plugged_parser.py").write_text(
            "from headway.run.reading.events import StageStarted\n"
            "class Parser:\n"
            "    def __init__(self, command): pass\n"
            f"    def feed(self, line, source): {feed}\n"
            "    def finish(self, exit_status): return []\n"
        )
        sys.modules.pop("plugged_parser", None)
        own = OwnTools()
        own.load_packages()
        return own

    yield write
    sys.modules.pop("plugged_parser", None)


def test_a_package_brings_a_parser_for_a_program_that_nobody_knows(package):
    own = package("return [StageStarted(line)]")
    assert parser_of("plugged").feed("x", OUTPUT) == [StageStarted("x")]
    assert registry.PARSERS["git"] == "transfers.git"
    assert own.complaints == []


@pytest.mark.parametrize(
    ("feed", "why"),
    [
        ("return 1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(9)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("return ['x']", "is no event"),
        ("return None", "TypeError"),
        ("\n        while True: pass", "takes too long"),
    ],
)
def test_a_package_whose_parser_fails_is_off_with_one_complaint(package, feed, why):
    own = package(feed)
    parser = parser_of("plugged")
    assert [parser.feed("x", OUTPUT) for _ in range(3)] == [[], [], []]
    assert len(own.complaints) == 1
    assert why in own.complaints[0]


def test_a_package_that_cannot_be_loaded_is_one_complaint(package, tmp_path):
    own = package("return []")
    os.remove(tmp_path / "plugged_parser.py")
    parser_of("plugged")
    assert len(own.complaints) == 1
