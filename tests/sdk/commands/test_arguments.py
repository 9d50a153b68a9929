import pytest

from headway.commands.arguments import ArgumentParser


@pytest.mark.parametrize("argv", [["--number", "many"], ["--unknown"]])
def test_a_usage_error_is_one_line_that_names_the_help(capsys, argv):
    parser = ArgumentParser(prog="headway ps")
    parser.add_argument("--number", type=int)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(argv)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.startswith("headway ps: ")
    assert said.endswith("; see `headway ps --help`\n")
    assert said.count("\n") == 1
