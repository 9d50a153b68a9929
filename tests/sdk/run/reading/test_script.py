"""Scripts are found behind the options that are known, folders by the tool's own option."""

import pytest

from headway.run.reading.command_line import parse_command_line
from headway.run.reading.script import absolute, find_script, folder_of


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("bash -x run.sh a", "run.sh"),
        ("bash -o pipefail run.sh", "run.sh"),
        ("bash -- -run.sh", "-run.sh"),
        ("python3.13t -X dev a.py", "a.py"),
        ("env A=1 python -m unittest x", "unittest"),
        ("./deploy.sh x", "./deploy.sh"),
        ("ruby -Ilib x.rb", None),
        ("bash -c run.sh", None),
        ("cat run.sh", None),
    ],
)
def test_the_script_is_the_first_word_after_known_options(line, found):
    command = parse_command_line(line.split())
    script = find_script(command)
    assert (script and command.argv[script.at]) == found


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ("make all", "/src"),
        ("make -C ../lib all", "/lib"),
        ("make -Csub", "/src/sub"),
        ("cmake --build /out", "/out"),
        ("cmake -B build", "/src"),
        ("cargo install x", None),
        ("tar -C /x", None),
    ],
)
def test_a_build_has_the_folder_that_it_works_in(line, folder):
    assert folder_of(parse_command_line(line.split()), "/src") == folder


def test_a_path_is_made_absolute_without_looking_at_files():
    assert absolute("./a/../b/", "/x/y") == "/x/y/b"
    assert absolute("/../a", "") == "/a"
