from __future__ import annotations

from transcripts import play

from headway.run.parsers.packages import npm
from headway.run.reading.command_line import FormContext, parse_command_line
from headway.run.reading.events import OUTPUT, StageMoved
from headway.run.reading.terminal_lines import LineSplitter


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


def test_requests_are_asked_for_only_in_an_install():
    form = npm.machine_form(parse_command_line(["npm", "install"]), FormContext(9))
    assert form is not None
    assert form.argv == ["npm", "install", "--loglevel=http"]
    for line in ("npm run build", "npm install --silent", "npm install --loglevel warn"):
        assert npm.machine_form(parse_command_line(line.split()), FormContext(9)) is None


def test_on_a_terminal_requests_are_asked_for_where_the_stages_are_drawn():
    command = parse_command_line(["npm", "install"])
    assert npm.machine_form(command, FormContext(9, terminal=True)) is None
    form = npm.machine_form(command, FormContext(9, terminal=True, drawn=True))
    assert form is not None
    assert form.argv == ["npm", "install", "--loglevel=http"]
    line = (
        b"\x1b[1mnpm\x1b[22m \x1b[32mhttp\x1b[39m \x1b[94mfetch\x1b[39m GET 200 https://x 5ms\r\n"
    )
    assert form.hidden.fullmatch(line)
    assert not form.hidden.search(line.replace(b"http\x1b", b"warn\x1b"))
    made = LineSplitter().feed(b"\xe2\xa0\x99\x1b[1G\x1b[0K" + line)
    events = [event for one in made for event in npm.Parser().feed(one.text, OUTPUT)]
    assert StageMoved("Resolve", 1, None, "x") in events
