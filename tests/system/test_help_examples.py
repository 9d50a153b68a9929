"""Every example of every `--help`, run by a shell whose `headway` writes down what it is told."""

import contextlib
import io
import re
import shutil
import subprocess

import pytest

from headway.commands.table import VERBS, load

# What the examples run beside headway. There is no other program: nothing happens.
OTHERS = (
    "alert apt-get cat claude cp deploy jq less make pgrep pip sudo systemctl tar work zstd seq"
)
STUBS = """
headway() { (IFS=$'\\x1f'; printf '%s\\n' "$*" >> "$TOLD"); }
for name in OTHERS; do eval "$name() { :; }"; done
"""


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    """No example is folded."""
    monkeypatch.setenv("COLUMNS", "200")


def help_of(verb):
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        load(verb)(["--help"])
    return shown.getvalue()


def examples(shown):
    """The command lines of a help, without what is said beside them."""
    shown = re.split(r"\n\n(?=\w)", shown.partition("examples:\n")[2])[0]  # to the next heading
    lines = shown.replace("\\\n", " ").splitlines()
    told = [line[2:] for line in lines if line.startswith("  ") and not line.startswith("   ")]
    return [re.split(r"\s{3,}", line)[0] for line in told]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize("verb", [verb for verb in VERBS if load(verb) is not None])
def test_every_example_is_understood_by_a_shell_and_by_its_command(verb, tmp_path):
    shown = help_of(verb)
    given = [line for line in examples(shown) if "| source" not in line]
    assert given
    (tmp_path / "disk.img").write_bytes(b"x")
    (tmp_path / ".config/fish/completions").mkdir(parents=True)
    told = tmp_path / "told"
    told.write_text("")
    done = subprocess.run(
        [shutil.which("bash"), "-c", "\n".join([STUBS.replace("OTHERS", OTHERS), *given, "wait"])],
        env={"PATH": "/nonexistent", "HOME": str(tmp_path), "TOLD": str(told)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    calls = [line.split("\x1f") for line in told.read_text().splitlines()]
    assert len(calls) >= len([line for line in given if line.startswith("headway")])
    for called, *words in calls:
        own = words[: words.index("--")] if "--" in words else words
        options = [word for word in own if word.startswith("--")]
        assert called in VERBS
        assert [option for option in options if option not in help_of(called)] == []
