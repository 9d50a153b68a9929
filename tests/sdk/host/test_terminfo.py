import struct

import pytest

from headway.host.terminfo import coloured, colours


@pytest.fixture
def entry(tmp_path):
    def make(name, *numbers, magic=0o432):
        size = "h" if magic == 0o432 else "i"
        names = f"{name}|a terminal".encode() + b"\0"
        flags = b"\1"
        header = struct.pack("<6h", magic, len(names), len(flags), len(numbers), 0, 0)
        gap = b"\0" * ((len(names) + len(flags)) % 2)
        folder = tmp_path / name[0]
        folder.mkdir(exist_ok=True)
        data = header + names + flags + gap + struct.pack(f"<{len(numbers)}{size}", *numbers)
        (folder / name).write_bytes(data)
        return {"TERM": name, "TERMINFO": str(tmp_path)}

    return make


@pytest.mark.parametrize("magic", [0o432, 0o1036])
def test_the_colours_of_a_terminal_are_what_its_entry_says(entry, magic):
    assert colours(entry("blue", *[1] * 13, 8, magic=magic)) == 8
    assert colours(entry("grey", *[1] * 13, -1, magic=magic)) == 0
    assert colours(entry("vt", *[1] * 5, magic=magic)) == 0


def test_an_entry_that_is_none_tells_nothing(entry, tmp_path):
    environ = entry("bad")
    (tmp_path / "b" / "bad").write_bytes(b"no entry")
    assert colours(environ) is None
    for name in ("", "no-such-terminal", "../../etc/passwd", ".x"):
        assert colours({**environ, "TERM": name}) is None


def test_a_terminal_without_colours_gets_none_unless_they_are_asked_for(entry):
    environ = entry("vt", *[1] * 5)
    assert not coloured(terminal=True, environ=environ)
    assert coloured(terminal=True, environ={**environ, "FORCE_COLOR": "1"})
    assert coloured(terminal=True, environ={**environ, "COLORTERM": "truecolor"})
    assert coloured(terminal=True, environ={"TERM": "no-such-terminal"})
    assert not coloured(terminal=True, environ={**entry("blue", *[1] * 13, 8), "NO_COLOR": "1"})
    assert not coloured(terminal=False, environ=entry("blue", *[1] * 13, 8))
