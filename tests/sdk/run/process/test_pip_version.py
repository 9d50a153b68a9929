from __future__ import annotations

import pytest

from headway.run.process.pip_version import pip_version
from headway.run.reading.command_line import parse_command_line


@pytest.fixture
def venv(tmp_path):
    site = tmp_path / "venv/lib/python3.11/site-packages"
    site.mkdir(parents=True)
    (site / "pip-24.1.2.dist-info").mkdir()
    binaries = tmp_path / "venv/bin"
    binaries.mkdir()
    for name, text in (("python", ""), ("pip", f"#!{binaries}/python\nimport pip\n")):
        (binaries / name).write_text(text)
        (binaries / name).chmod(0o755)
    return tmp_path / "venv"


def version(line, environ=()):
    return pip_version(parse_command_line(line.split()), dict(environ))


def test_the_version_is_read_from_the_files_beside_the_program(venv):
    assert version(f"{venv}/bin/pip install x") == (24, 1, 2)
    assert version(f"{venv}/bin/python -m pip install x") == (24, 1, 2)
    assert version(f"{venv}/bin/python -I -m pip install x") == (24, 1, 2)


def test_a_script_elsewhere_is_followed_to_its_interpreter(venv, tmp_path):
    script = tmp_path / "pip"
    script.write_text((venv / "bin/pip").read_text())
    script.chmod(0o755)
    assert version("pip install x", {"PATH": str(tmp_path)}) == (24, 1, 2)


def test_of_several_the_oldest_counts(venv, tmp_path):
    (tmp_path / ".local/lib/python3.11/site-packages/pip-23.2.dist-info").mkdir(parents=True)
    assert version(f"{venv}/bin/pip install x", {"HOME": str(tmp_path)}) == (23, 2)


def test_what_cannot_be_found_is_unknown(tmp_path):
    assert version("pip install x", {"PATH": str(tmp_path)}) is None
    (tmp_path / "pip").write_text("#!/bin/bash\n")
    (tmp_path / "pip").chmod(0o755)
    assert version("pip install x", {"PATH": str(tmp_path)}) is None
