"""Wheel and sdist are built and installed into clean environments, where the commands work."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from headway.commands.table import VERBS

pytest.importorskip("hatchling")
pytest.importorskip("pip")
pytestmark = [pytest.mark.once, pytest.mark.slow]
ROOT = Path(__file__).resolve().parent.parent.parent


def do(*command, **options):
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(kind, folder):
    """Build a "wheel" or an "sdist" of this checkout; return its file."""
    do(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", folder, cwd=ROOT)
    (archive,) = folder.iterdir()
    return archive


def clean_environment(folder, archive):
    """An environment that has Headway from an archive, and beside it only what it depends on."""
    do(sys.executable, "-m", "venv", "--without-pip", folder)
    site = sysconfig.get_path("purelib", vars={"base": str(folder)})
    # Its dependencies, without an editable Headway: a .pth of another folder is not followed.
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    do(
        *(sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install"),
        *("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--ignore-installed"),
        *("--disable-pip-version-check", archive),
    )
    return folder / "bin"


def tops_of(wheel):
    """What a wheel puts beside other packages."""
    names = [name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()]
    return {name for name in names if not name.endswith((".dist-info", ".data"))}


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_what_is_built_works_in_a_clean_environment(tmp_path, kind):
    archive = build(kind, tmp_path / "dist")
    programs = clean_environment(tmp_path / "environment", archive)
    environ = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "HEADWAY_RUNTIME_DIR": str(tmp_path),
        "HEADWAY_STATE_DIR": str(tmp_path / "state"),
        "HEADWAY_BROKER": "never",
    }
    tmp_path.chmod(0o700)
    version = do("headway", "--version", env=environ).strip()
    assert do("python", "-m", "headway", "--version", env=environ).strip() == version
    assert version.split()[1] in archive.name
    assert do("headway", "run", "--", "echo", "works", env=environ) == "works\n"
    assert re.search(r"✓ echo \d", do("headway", "ps", env=environ))
    for module in ("headway", "headway_broker", "headway_viewer", "progress_tracker"):
        place = do("python", "-c", f"import {module}; print({module}.__file__)", env=environ)
        assert place.startswith(str(programs.parent))
    if kind == "wheel":
        assert tops_of(archive) == {
            *("headway", "headway_patch", "headway_command.py", "progress_tracker"),
            *("headway_broker", "headway_viewer"),
        }
    pages = {one.name for one in (programs.parent / "share" / "man" / "man1").iterdir()}
    assert pages == {"headway.1", *(f"headway-{verb}.1" for verb in VERBS)}


def test_a_manual_page_says_what_the_help_says(tmp_path):
    do(sys.executable, ROOT / "scripts" / "man_pages.py", tmp_path)
    page = (tmp_path / "headway-pipe.1").read_text()
    assert page.startswith(".TH HEADWAY-PIPE 1 ")
    assert ".SH EXAMPLES\n" in page
    assert "\\-\\-needs\\-end" in page
    # No line of the help is taken for a command of roff.
    known = (".TH", ".SH", ".nf", ".fi")
    for one in tmp_path.iterdir():
        for line in one.read_text().splitlines():
            assert line.startswith(known) or line[:1] not in (".", "'"), (one.name, line)
