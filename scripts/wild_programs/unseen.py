"""Pythons that a patch does not reach: they have to run as without us, and `doctor` says why."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import Callable, Sequence

from wild_programs.rows import Row
from wild_programs.sandbox import NotRunError, Place

PROGRAM = """\
from __future__ import print_function
import sys
print("path", [each for each in sys.path if "headway" in each and "runs" not in each])
try:
    from tqdm import tqdm
except ImportError:
    tqdm = list
print(sum(tqdm(range(30))), sorted(name for name in sys.modules if "headway" in name))
sys.exit(5)
"""
PYTHON_2 = ("/usr/bin/python2.7", "/usr/bin/python2")


def _python2() -> str:
    for path in (os.environ.get("PYTHON2", ""), *PYTHON_2):
        if path and os.access(path, os.X_OK):
            return path
    raise NotRunError("there is no Python 2.7; PYTHON2 names one")


def _setuid(place: Place) -> str:
    if os.getuid() != 0:
        raise NotRunError("only root makes a copy with another account's rights")
    real = Path(os.path.realpath("/usr/bin/python3"))
    copy = place.folder / real.name
    shutil.copy(real, copy)
    os.chown(copy, pwd.getpwnam("nobody").pw_uid, -1)
    copy.chmod(0o4755)
    return str(copy)


def check(place: Place, name: str, start: Callable[[Place, str, str], Sequence[str]]) -> Row:
    """Run a program that would have one bar, started so, bare and by `headway patch`."""
    environment = place.environment("bars")
    environment.install("tqdm")
    program = place.folder / "unseen.py"
    program.write_text(PROGRAM)
    # The command of the shell is what Headway starts; what is tried is its child.
    words = [*start(place, str(environment.bin / "python"), str(program))]
    command = ["sh", "-c", '"$@"; exit $?', "sh", *words]
    wrong: list[str] = []
    with place.run() as run:
        bare = run.command(command)
    with place.run() as run:
        ran = run.command([place.headway.bin / "headway", "patch", "--", *command])
        operations = run.ended(lambda _each: True)
        said = run.headway("doctor").stdout
    bars = sum(len(each["stages"]) for each in operations)
    if bars:
        wrong.append(f"{bars} bars were seen")
    if bare.status != 5 or ran.status != bare.status:
        wrong.append(f"status {bare.status}, {ran.status}: {bare.stderr[-200:]}")
    if (ran.stdout, ran.stderr.count("30/30")) != (bare.stdout, bare.stderr.count("30/30")):
        wrong.append(f"output differs: {ran.stdout!r}, {bare.stdout!r}, {ran.stderr[-300:]!r}")
    known = [line for line in said.splitlines() if line.startswith("patch ")]
    word = {"env": "env -i", "python2.7": "older than 3.8"}.get(name, name)
    if not any(word in line for line in known):
        wrong.append(f"doctor does not say {word!r}: {known}")
    return Row(
        name,
        "",
        f"{bars} bars",
        ran.stdout == bare.stdout,
        ran.status == bare.status,
        (bare.seconds, ran.seconds),
        tuple(wrong),
    )


CASES: dict[str, Callable[[Place, str, str], Sequence[str]]] = {
    "-I": lambda _place, python, program: [python, "-I", program],
    "-E": lambda _place, python, program: [python, "-E", program],
    "-S": lambda _place, python, program: [python, "-S", program],
    "env": lambda _place, python, program: ["env", "-i", python, program],
    "python2.7": lambda _place, _python, program: [_python2(), program],
    "setuid": lambda place, _python, program: [_setuid(place), program],
}
