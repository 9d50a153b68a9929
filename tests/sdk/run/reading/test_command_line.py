from __future__ import annotations

import pytest

from headway.run.parsers.registry import name_command
from headway.run.reading.command_line import (
    find_subcommand,
    needs_controlling_terminal,
    option_set,
    parse_command_line,
)


@pytest.mark.parametrize(
    ("line", "program", "words", "elevated"),
    [
        ("apt-get install nginx", "apt-get", "install nginx", False),
        ("sudo apt install nginx", "apt", "install nginx", True),
        ("sudo -E -u root FOO=1 apt install nginx", "apt", "install nginx", True),
        ("sudo -uroot -- apt update", "apt", "update", True),
        ("doas apt update", "apt", "update", True),
        ("env -i A=1 B=2 pip3 install x", "pip", "install x", False),
        ("nice -n 10 make all", "make", "all", False),
        ("timeout -k 5 30s git clone x", "git", "clone x", False),
        ("/usr/bin/python3.11 -m pip install x", "pip", "install x", False),
        ("python3 -I -X utf8 -m pip install x", "pip", "install x", False),
        ("python3 script.py -m pip", "python3", "script.py -m pip", False),
        ("/opt/venv/bin/pip3.12 install x", "pip", "install x", False),
        ("sudo --frobnicate apt install x", "sudo", "--frobnicate apt install x", True),
        ("./build.sh --token secret", "build.sh", "--token secret", False),
        ("sudo", "sudo", "", True),
    ],
)
def test_the_program_is_found_behind_its_wrappers(line, program, words, elevated):
    command = parse_command_line(line.split())
    assert (command.program, " ".join(command.words), command.elevated) == (
        program,
        words,
        elevated,
    )


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("apt install nginx", "apt install nginx"),
        ("apt-get -y -o Acquire::http::Proxy=http://u:pw@h install nginx", "apt install nginx"),
        ("apt-get -yq install -t bookworm-backports nginx=1.2-3", "apt install nginx=1.2-3"),
        ("apt-get update", "apt update"),
        ("apt moo", "apt"),
        ("sudo apt-get install nginx", "apt install nginx"),
        ("dpkg -i /home/me/hello_2.10_amd64.deb", "dpkg install hello"),
        ("dpkg --configure -a", "dpkg configure"),
        ("pip install requests==2.31 rich[all]", "pip install requests==2.31 rich[all]"),
        ("pip install -r requirements.txt", "pip install -r requirements.txt"),
        ("pip install --index-url https://u:pw@host/simple x", "pip install x"),
        ("pip install git+https://token@host/x.git", "pip install"),
        ("pip install --frobnicate secret x", "pip install"),
        ("python3.11 -m pip install x", "pip install x"),
        ("git clone https://u:tok@host/torvalds/linux.git", "git clone linux"),
        ("git clone git@host:torvalds/linux", "git clone linux"),
        ("git clone https://gist.host/0123456789secret", "git clone"),
        ("git -C /srv fetch origin", "git fetch"),
        ("npm i express", "npm install express (kernel)"),
        ("npm install --otp 123456 express", "npm install express (kernel)"),
        ("npm run build -- --token secret", "npm run build (kernel)"),
        ("curl -u me:pw -o out.iso https://u:pw@host/x?token=t", "curl out.iso"),
        ("curl -H Authorization:x https://host/x", "curl"),
        ("wget --password=x https://host/x", "wget"),
        ("wget -O big.iso https://host/x", "wget big.iso"),
        ("make -j8 TOKEN=secret install", "make install (kernel)"),
        ("make -j 8 install", "make install (kernel)"),
        ("ninja -C build", "ninja (build)"),
        ("cmake --build out", "cmake build (out)"),
        ("cargo install ripgrep", "cargo install ripgrep"),
        ("cargo b --release", "cargo build (kernel)"),
        ("cargo run --token x", "cargo run (kernel)"),
        ("uv pip install rich", "uv pip install rich"),
        ("uv publish --token secret", "uv"),
        ("rsync -a secret@host:/x /y", "rsync"),
        ("dd if=/dev/zero of=/dev/null", "dd"),
        ("npm install -g express", "npm install express"),
        ("yarn --token secret", "yarn (kernel)"),
        ("mysql -psecret db", "mysql"),
        ("bash -eux backup.sh --password secret", "backup.sh"),
        ("bash -euo pipefail /opt/backup.sh secret", "backup.sh"),
        ("bash -c secret", "bash"),
        ("sh", "sh"),
        ("sudo -u me ./backup.sh secret", "backup.sh"),
        ("python3.12 -W ignore /home/me/train.py --token secret", "train.py"),
        ("python -c secret", "python"),
        ("python --secret train.py", "python"),
        ("python3 -m pytest -k secret", "pytest (kernel)"),
        ("python -", "python"),
        ("node --max-old-space-size=4096 app.js secret", "app.js"),
        ("java -Dkey=secret -jar lib/app.jar secret", "app.jar"),
        ("perl -e secret", "perl"),
        ("PASSWORD=x", "PASSWORD=x"),
    ],
)
def test_a_name_holds_only_the_program_and_words_its_parser_knows(line, name):
    assert name_command(parse_command_line(line.split()), "/src/kernel") == name


def test_options_are_put_in_after_the_program():
    command = parse_command_line(["sudo", "apt-get", "-y", "install", "x"])
    assert command.with_options("-o", "A=1") == [
        "sudo",
        "apt-get",
        "-o",
        "A=1",
        "-y",
        "install",
        "x",
    ]


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("clone x", 0),
        ("-C /x --bare clone x", 3),
        ("--git-dir=/x clone", 1),
        ("--unknown clone", None),
        ("word clone", None),
        ("-C", None),
        ("", None),
    ],
)
def test_a_subcommand_is_found_behind_options_that_are_known(words, at):
    known, flags, values = (option_set(text) for text in ("clone", "--bare", "-C --git-dir"))
    assert find_subcommand(tuple(words.split()), known, flags, values) == at


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("bash", True),
        ("bash --norc -i", True),
        ("env -i zsh -l", True),
        ("sudo apt install nginx", True),
        ("su - user", True),
        ("bash -c make", False),
        ("sh -ec make", False),
        ("bash build.sh", False),
        ("bash -x build.sh -i", False),
        ("make -j4", False),
    ],
)
def test_shells_for_a_person_and_other_users_need_a_controlling_terminal(line, needed):
    assert needs_controlling_terminal(parse_command_line(line.split())) is needed
