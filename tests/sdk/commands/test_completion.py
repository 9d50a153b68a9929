import shutil
import subprocess

import pytest

from headway.commands import completion, table


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


def test_another_shell_is_refused_with_what_there_is(capsys):
    assert completion.main(["tcsh"]) == 2
    assert "bash|zsh|fish" in capsys.readouterr().err
    assert completion.main(["--help"]) == 0


def test_the_options_are_those_that_the_verbs_take():
    import re

    for verb in ("view", "ps", "wait", "cancel", "record", "notify"):
        parser_help = _help_of(table.load(verb))
        options = set(re.findall(r"--[a-z-]+", parser_help)) - {"--help"}
        assert set(completion.OPTIONS[verb].split()) <= options | {"--help"}, verb


def _help_of(function):
    import contextlib
    import io

    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), pytest.raises(SystemExit):
        function(["--help"])
    return shown.getvalue()
