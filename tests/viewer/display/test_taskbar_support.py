import pytest

from headway_viewer.display import taskbar_support
from headway_viewer.display.taskbar_support import for_terminal, understood


@pytest.mark.parametrize(
    ("environ", "is_understood"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}, False),
        ({"WT_SESSION": "x"}, True),
        ({"ConEmuANSI": "ON"}, True),
        ({"ConEmuANSI": "OFF"}, False),
        ({"TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.2.0-dev"}, True),
        ({"TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.1.3"}, False),
        ({"TERM_PROGRAM": "iTerm.app", "TERM_PROGRAM_VERSION": "3.6.6"}, True),
        ({"TERM_PROGRAM": "iTerm.app", "TERM_PROGRAM_VERSION": "3.5.14"}, False),
        ({"TERM_PROGRAM": "vscode", "TERM_PROGRAM_VERSION": "1.101.2"}, True),
        ({"TERM_PROGRAM": "WezTerm", "TERM_PROGRAM_VERSION": "20250909-1-abc"}, True),
        ({"TERM_PROGRAM": "WezTerm", "TERM_PROGRAM_VERSION": "20240203-110809-5046fc22"}, False),
        ({"TERMINAL_EMULATOR": "JetBrains-JediTerm", "TERM": "xterm-256color"}, False),
        ({"VTE_VERSION": "8000"}, True),
        ({"VTE_VERSION": "7006"}, False),
        ({"PTYXIS_VERSION": "48.1"}, True),
        ({"TERM": "xterm-256color", "HEADWAY_TASKBAR": "on"}, True),
        ({"WT_SESSION": "x", "HEADWAY_TASKBAR": "off"}, False),
        ({"WT_SESSION": "x", "TERM": "screen-256color"}, False),
    ],
)
def test_a_terminal_is_known_by_what_it_says_of_itself(environ, is_understood):
    assert understood(environ) is is_understood


@pytest.mark.parametrize("passes", [False, True])
def test_in_tmux_it_is_where_tmux_passes_it_on(monkeypatch, passes):
    monkeypatch.setattr(taskbar_support, "passes_on", lambda: passes)
    tmux = {"TMUX": "/tmp/x,1,0", "TERM": "tmux-256color"}
    assert understood({**tmux, "WT_SESSION": "x"}) is passes
    assert not understood(tmux)
    wrapped = "\x1bPtmux;\x1b\x1b]9;4;0\x1b\x1b\\\x1b\\"
    assert for_terminal("\x1b]9;4;0\x1b\\", tmux) == wrapped
    assert for_terminal("\x1b]9;4;0\x1b\\", {}) == "\x1b]9;4;0\x1b\\"
    assert for_terminal("", tmux) == ""


def test_without_tmux_nothing_is_passed_on(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not taskbar_support.passes_on()
