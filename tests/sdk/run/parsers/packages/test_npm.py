from __future__ import annotations

from transcripts import play

from headway.run.parsers.packages import npm
from headway.run.reading.command_line import FormContext, parse_command_line
from headway.run.reading.events import OUTPUT


def parser(line="npm install express"):
    return npm.Parser(parse_command_line(line.split()))


def test_arguments_of_a_script_are_not_told():
    told = {
        "npm test -- secret": "npm test",
        "npm test secret": "npm test",
        "npm start secret": "npm start",
        "npm run deploy secret": "npm run deploy",
        "npm exec tool -- secret": "npm exec tool",
        "npm install express": "npm install express",
    }
    assert {line: npm.name_of(parse_command_line(line.split())) for line in told} == told


def test_requests_are_counted_apart_for_descriptions_and_packages():
    played = play(parser(), "npm-install-http.err", "npm-install-http.out")
    assert played.counts() == {
        "Resolve": (69, None, "completed"),
        "Fetch": (69, None, "completed"),
    }


def test_a_spinner_says_nothing():
    assert play(parser(), "npm-install.pty").counts() == {}


def test_the_first_error_that_explains_is_the_error():
    played = play(parser(), "npm-notfound.err", exit_status=1)
    assert played.failed == [
        "404 Not Found - GET https://registry.npmjs.org/no-such-package-xyz-123-abc"
    ]


def test_a_script_is_a_stranger():
    machine = parser("npm run build")
    for line in ("[1/4] one", "[2/4] two"):
        machine.feed(line, OUTPUT)
    assert machine.feed("[3/4] three", OUTPUT)[-1][:3] == ("Run", 3, 4)


def test_requests_are_asked_for_only_in_an_install_off_a_terminal():
    form = npm.machine_form(parse_command_line(["npm", "install"]), FormContext(9))
    assert form is not None
    assert form.argv == ["npm", "install", "--loglevel=http"]
    for line in ("npm run build", "npm install --silent", "npm install --loglevel warn"):
        assert npm.machine_form(parse_command_line(line.split()), FormContext(9)) is None
    assert (
        npm.machine_form(parse_command_line(["npm", "install"]), FormContext(9, terminal=True))
        is None
    )
