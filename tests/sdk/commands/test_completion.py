import re
import shutil
import subprocess

import pytest

from headway.commands import completion, table

needs_zsh = pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_verb_and_option_is_there(capsys, shell):
    assert completion.main([shell]) == 0
    script = capsys.readouterr().out
    for verb in table.VERBS:
        assert verb in script
    assert "until-done" in script


def test_bash_completes_verbs_and_options(capsys):
    completion.main(["bash"])
    script = capsys.readouterr().out
    bash = shutil.which("bash")
    assert bash is not None
    for words, expected in (
        ("headway vi", "view"),
        ("headway view --un", "--until-done"),
        ("headway completion f", "fish"),
        ("headway view --display pl", "plain"),
        ("headway run -- printen", "printenv"),
        ("headway help not", "notify"),
    ):
        *_, last = split = words.split()
        code = (
            f"{script}\nCOMP_WORDS=({words}); COMP_CWORD={len(split) - 1}; _headway; "
            'echo "${COMPREPLY[@]}"'
        )
        done = subprocess.run([bash, "-c", code], capture_output=True, text=True, check=True)
        assert set(done.stdout.split()) == {expected}, last


@pytest.fixture
def listing(tmp_path):
    """The directory of a `headway` that lists two operations as `ps --format` would."""
    program = tmp_path / "headway"
    program.write_text(
        '#!/bin/sh\n[ "$1" = ps ] || exit 9\nends="7f3q2h5xk2ab|npm install|failed"\n'
        'while [ "$1" != --format ]; do [ "$1" = --running ] && ends=; shift; done; shift\n'
        'for one in ${ends:+"$ends"} "2c9q2h5xk2ab|a:b apt upgrade|running"; do\n'
        'echo "$1" | sed "s/{id}/${one%%|*}/; s/{state}/${one##*|}/" |'
        'sed "s/{name}/$(echo "$one" | cut -d\\| -f2)/"\ndone\n'
    )
    program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("headway cancel ''", ["a:b\\ apt\\ upgrade", "--reason"]),
        ("headway logs npm", ["npm\\ install"]),
        ("headway logs npm\\\\ i", ["npm\\ install"]),
        ("""headway logs '"npm i'""", ["npm install"]),
        ("headway why 7f", ["7f3q2h5xk2ab"]),
        ("headway cancel 7f", []),
    ],
)
def test_bash_offers_operations_by_name_or_id(capsys, listing, words, offered):
    completion.main(["bash"])
    code = (
        f"PATH={listing}:$PATH\n{capsys.readouterr().out}\nCOMP_WORDS=({words}); COMP_CWORD=2\n"
        "_headway; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    found = [line for line in done.stdout.splitlines() if line]
    assert set(offered) <= set(found)
    assert not [line for line in found if "install" in line] or "logs" in words


@needs_zsh
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("headway cancel ''", "a\\:b apt upgrade:running, 2c9q2h5xk2ab"),
        ("headway logs ''", "npm install:failed, 7f3q2h5xk2ab"),
        ("headway view --display ''", "plain"),
        ("headway ''", "notify:tell when operations end or need you"),
        ("headway run -- mak", "normal 1 mak"),
    ],
)
def test_zsh_offers_operations_modes_and_commands(capsys, listing, tmp_path, words, offered):
    completion.main(["zsh"])
    code = (
        'compadd() { print -l -- "$@"; }; _describe() { print -l -- "${(@P)2}"; }\n'
        "_default() { :; }; _normal() { print normal $CURRENT $words; }\n"
        f"path=({listing} $path); words=({words}); CURRENT=$#words\n"
    )
    (tmp_path / "_headway").write_text(capsys.readouterr().out)  # as in a directory of $fpath
    code += f"fpath=({tmp_path}); autoload -Uz _headway; _headway"
    done = subprocess.run(
        ["zsh", "-f", "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert offered in done.stdout.splitlines()


@needs_zsh
@pytest.mark.parametrize(
    ("known", "printed"), [("compdef() { print $@; }", "_headway headway"), ("", "")]
)
def test_sourced_by_zsh_it_completes_nothing_but_is_there_for_headway(capsys, known, printed):
    completion.main(["zsh"])
    code = f"{known}\n{capsys.readouterr().out}"
    done = subprocess.run(["zsh", "-f", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == (printed, "")


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("headway cancel ", "a:b apt upgrade\trunning, 2c9q2h5xk2ab"),
        ("headway logs npm", "npm install\tfailed, 7f3q2h5xk2ab"),
        ("headway why 7f", "7f3q2h5xk2ab\tnpm install (failed)"),
        ("headway help pip", "pipe"),
        ("headway cancel --re", "--reason"),
        ("headway view --display pl", "plain"),
        ("headway not", "notify\ttell when operations end or need you"),
        ("headway run --name x -- printen", "printenv"),
    ],
)
def test_fish_offers_operations_options_modes_and_commands(capsys, listing, line, offered):
    completion.main(["fish"])
    code = f"set PATH {listing} $PATH\n{capsys.readouterr().out}complete -C '{line}'\n"
    done = subprocess.run(
        ["fish", "--no-config", "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert any(one.startswith(offered) for one in done.stdout.splitlines()), done.stdout


def test_another_shell_is_refused_with_what_there_is(capsys):
    assert completion.main(["tcsh"]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("headway completion: there is none for 'tcsh'\n")
    assert "bash|zsh|fish" in complaint
    assert completion.main(["--help"]) == 0


@pytest.mark.parametrize("verb", completion.OPTIONS)
def test_the_options_are_those_that_the_verbs_take(verb):
    shown = "" if verb == "help" else _help_of(table.load(verb))
    offered = [word for word in completion.OPTIONS[verb].split() if word.startswith("--")]
    assert [option for option in offered if option not in shown] == []
    listed = re.findall(r"^  (?:-\w, )?(--[a-z-]+)", shown, re.MULTILINE)
    assert sorted({*listed} - {*offered, *completion.NOT_OFFERED, "--help"}) == []


def _help_of(function):
    import contextlib
    import io

    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        function(["--help"])
    return shown.getvalue()
