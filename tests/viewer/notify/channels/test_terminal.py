import base64
import os
import re

import pytest

from headway_viewer.notify.channels import terminal
from headway_viewer.notify.channels.terminal import (
    TerminalChannel,
    notification_kind,
    sequence,
)
from headway_viewer.notify.notice import Notice


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"TERM": "xterm-kitty"}, 99),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, 99),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, 9),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, 9),
        ({"TERM": "xterm-ghostty"}, 777),
        ({"TERM": "foot-extra"}, 777),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, 777),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "linux"}, None),
        ({}, None),
    ],
)
def test_only_terminals_known_to_understand_it_get_a_sequence(environ, kind):
    assert notification_kind(environ) == kind


@pytest.mark.parametrize("kind", [None, 9, 777, 99])
def test_a_hostile_text_neither_ends_the_sequence_nor_begins_another(kind):
    hostile = "a\x1b\\b\x07c\x1b]52;c;x\x07;9;4\x9c"
    out = sequence(kind, hostile, hostile)
    inner = re.sub(r"\x1b\](9|777|99);[^\x1b\x07\x9c]*\x1b\\", "", out)
    assert inner == ("\a" if kind is None else "")


def test_what_each_kind_says():
    assert sequence(9, "npm failed", "404\nin Fetch") == "\x1b]9;npm failed: 404 · in Fetch\x1b\\"
    assert sequence(9, "4;1;50", "x") == "\x1b]9;: x\x1b\\"  # would be a progress
    assert sequence(777, "a;b", "c;d") == "\x1b]777;notify;a,b;c;d\x1b\\"
    parts = re.findall(r"p=(\w+):e=1;([^\x1b]*)", sequence(99, "title", "body"))
    assert [(part, base64.b64decode(data)) for part, data in parts] == [
        ("title", b"title"),
        ("body", b"body"),
    ]


@pytest.mark.parametrize(
    ("tmux", "passes", "written"),
    [
        (None, False, b"\x1b]777;notify;t;b\x1b\\"),
        ("/tmp/x,1,0", True, b"\x1bPtmux;\x1b\x1b]777;notify;t;b\x1b\x1b\\\x1b\\"),
        ("/tmp/x,1,0", False, b"\a"),
    ],
)
def test_in_tmux_it_is_the_bell_where_nothing_is_passed_on(monkeypatch, tmux, passes, written):
    monkeypatch.setattr(terminal, "passes_on", lambda: passes)
    environ = {"TERM": "foot", **({"TMUX": tmux} if tmux else {})}
    read, write = os.pipe()
    TerminalChannel(write, environ).deliver(Notice("k", "failed", "t", "b", ""))
    assert os.read(read, 1000) == written
    os.close(read)
    os.close(write)
