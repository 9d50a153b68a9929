import pytest

from headway.run.parsers.registry import name_command
from headway.run.reading.command_line import parse_command_line
from headway.run.reading.recipe import first_program


def first(*argv):
    return first_program(parse_command_line(argv))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("gcc -c a.c -o a.o", "gcc"),
        ("cd sub && /usr/bin/ninja -j4", "ninja"),
        ("set -e; mkdir -p out; CC=clang ./configure --prefix=x", "configure"),
        ("for f in a b; do convert $f; done", "convert"),
        ("if test -f x; then make all; fi", "make"),
        ("TOKEN=geheim curl -u me:geheim https://x", "curl"),
        ("echo geheim | openssl enc", "openssl"),
        ("$(CC) a.c", None),
        ("'geheim' x", None),
        ("echo geheim", None),
        ("", None),
    ],
)
def test_it_is_the_first_program_that_is_no_word_of_the_shell(text, name):
    assert first("sh", "-c", text) == name


def test_only_a_shell_with_a_text_has_one():
    assert first("sh", "build.sh") is None
    assert first("gcc", "-c", "a.c") is None
    assert first("bash", "-ec", "ninja") == "ninja"


def test_recipes_are_named_by_it_and_all_else_as_ever():
    shell = parse_command_line(["sh", "-c", "gcc a.c"])
    assert name_command(shell, "/", recipe=True) == "gcc"
    assert name_command(shell, "/") == "sh"
    assert name_command(parse_command_line(["tar", "x"]), "/", recipe=True) == "tar"
