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


def test_an_unknown_option_gets_the_nearest_one(capsys):
    parser = ArgumentParser(prog="headway ps")
    parser.add_argument("--failed", action="store_true")
    for argv, meant in ((["--faild"], "--failed"), (["--helb=3"], "--help"), (["--zzz"], None)):
        with pytest.raises(SystemExit):
            parser.parse_args(argv)
        said = capsys.readouterr().err
        assert ("did you mean" in said) == (meant is not None)
        assert meant is None or f"; did you mean {meant}?; see" in said


def test_the_usage_of_many_options_is_short():
    parser = ArgumentParser(prog="headway ps")
    parser.add_argument("operation", metavar="OP", nargs="*")
    parser.add_argument("place", nargs="?")
    assert parser.format_help().startswith("usage: headway ps [-h] [OP")
    for option in "abcd":
        parser.add_argument(f"--{option}")
    parser.usage = None
    assert parser.format_help().startswith("usage: headway ps [OPTION …] [OP …] [place]\n")
