import ast
import os
import subprocess
import sys

import pytest

from headway import __version__
from headway.commands import table
from headway.commands.table import UNWRITTEN


def test_no_arguments_and_help_list_every_verb_with_a_line(capsys, monkeypatch):
    monkeypatch.setitem(
        table.VERBS, "later", ("headway_viewer.later.cli:main", "of a later version")
    )
    for arguments in ([], ["--help"], ["-h"], ["help"]):
        assert table.main(arguments) == 0
        shown = capsys.readouterr().out
        for verb, (_, about) in table.VERBS.items():
            listed = any(verb in line and about in line for line in shown.splitlines())
            assert listed == (table.load(verb) is not None)
        assert "examples:" in shown


def test_the_version_is_told(capsys):
    assert table.main(["--version"]) == 0
    assert capsys.readouterr().out == f"headway {__version__}\n"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        *(("vew", "'view'"), ("cancle", "'cancel'"), ("rnu", "'run'"), ("helo", "'help'")),
        *(("zzz", None), ("bogus", None)),
    ],
)
def test_an_unknown_verb_gets_status_2_and_the_nearest_one(capsys, word, hint):
    assert table.main([word]) == 2
    complaint = capsys.readouterr().err
    assert f"there is no command {word!r}" in complaint
    assert ("did you mean" in complaint) == (hint is not None)
    assert hint is None or hint in complaint


def test_a_verb_that_only_the_shell_can_have_is_told_as_the_functions_name(capsys):
    assert table.main(["retry"]) == 2
    assert "`hw_retry`" in capsys.readouterr().err


def test_a_hostile_word_is_not_echoed_raw(capsys):
    assert table.main(["\x1b[2J\udcff"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_a_verb_of_a_later_version_says_so(capsys, monkeypatch):
    monkeypatch.setitem(table.VERBS, "later", ("headway_viewer.later.cli:main", ""))
    assert table.main(["later"]) == 2
    assert "does not have it yet" in capsys.readouterr().err


def test_a_verb_whose_module_lacks_something_else_is_not_hidden(monkeypatch, tmp_path):
    (tmp_path / "broken_verb.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(table.VERBS, "broken", ("broken_verb:main", ""))
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency"):
        table.main(["broken"])


def test_what_a_verb_returns_is_the_exit_status(monkeypatch, tmp_path):
    (tmp_path / "good_verb.py").write_text("def main(argv): return len(argv)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(table.VERBS, "good", ("good_verb:main", ""))
    assert table.main(["good"]) == 0
    assert table.main(["good", "a", "b"]) == 2


@pytest.mark.parametrize("verb", list(table.VERBS))
def test_every_verb_has_its_function(verb):
    assert callable(table.load(verb))


def test_the_table_imports_no_verb():
    code = (
        "import sys, headway.commands.table; headway.commands.table.main(['--version'])\n"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " ('zmq', 'msgpack', 'rich', 'headway_viewer', 'headway_broker', 'argparse')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert ast.literal_eval(done.stdout.splitlines()[1]) == []


def test_a_reader_that_leaves_is_no_error():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "headway", "--help"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        timeout=30,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux")
@pytest.mark.parametrize("verb", [["doctor"], ["ps"], ["--help"], ["completion", "bash"]])
def test_a_full_disk_is_told_in_one_line(verb, tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "headway", *verb],
            env={
                **os.environ,
                "HEADWAY_RUNTIME_DIR": str(tmp_path),
                "HEADWAY_STATE_DIR": str(tmp_path),
            },
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=30,
        )
    assert done.returncode == UNWRITTEN
    assert done.stderr.count(b"\n") == 1
    assert b"No space left on device" in done.stderr


@pytest.mark.parametrize("program", ["print('x' * 100)", "print('x' * 100, flush=True)"])
def test_nothing_is_complained_about_where_nobody_reads(tmp_path, program):
    (tmp_path / "talking_verb.py").write_text(f"def main(argv): {program}\n")
    code = (
        "import sys; from headway.commands import table\n"
        "table.VERBS['talk'] = ('talking_verb:main', '')\n"
    )
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", f"{code}sys.exit(table.main(['talk']))"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")
