"""Environments that programs are installed into, and directories of its own for each run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Sequence

if TYPE_CHECKING:
    from typing_extensions import Self

ROOT = Path(__file__).resolve().parent.parent.parent
BARE = "/usr/bin:/bin"  # a PATH without our command
# What an installation or a compilation may take: a case that needs longer is not run.
INSTALL_SECONDS, BUILD_SECONDS, RUN_SECONDS = 900, 900, 300
SEEN_SECONDS = 30  # for what ended to be told by `headway ps`
COMPILE_NICENESS = 10


class NotRunError(Exception):
    """A program that cannot be installed, built or started here, and why."""


class Ran(NamedTuple):
    """A command that has ended; `status` is None where it did not within RUN_SECONDS."""

    status: int | None
    stdout: str
    stderr: str
    seconds: float


def tool(command: Sequence[str | Path], seconds: float, against: str, **options: Any) -> None:
    """Run a command that has to succeed. Raise `NotRunError` with its last line."""
    try:
        done = subprocess.run(
            ["nice", "-n", str(COMPILE_NICENESS), *command],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
            **options,
        )
    except subprocess.TimeoutExpired:
        raise NotRunError(f"{against} within {seconds} s") from None
    except OSError as error:
        raise NotRunError(f"{against}: {error}") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "?").splitlines()
        raise NotRunError(f"{against}: {said[-1][:200]}")


class Environment:
    """A virtual environment; what is installed once is there for the next case."""

    def __init__(self, folder: Path, python: str | Path = sys.executable) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        if not (self.bin / "python").exists():
            tool([python, "-m", "venv", folder], INSTALL_SECONDS, "there is no environment")

    def install(self, *packages: str) -> None:
        """Install packages by pip."""
        pip = [self.bin / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        tool([*pip, *packages], INSTALL_SECONDS, "it does not install")

    def version(self, package: str) -> str:
        """Return the version of an installed package."""
        code = f"from importlib.metadata import version; print(version({package!r}))"
        return subprocess.check_output([self.bin / "python", "-c", code], text=True).strip()


class Place:
    """The folder of all environments and runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environments: dict[str, Environment] = {}
        self._runs = folder / "runs"
        shutil.rmtree(self._runs, ignore_errors=True)
        self._runs.mkdir(parents=True)
        folder.chmod(0o755)
        self._runs.chmod(0o755)
        self._number = 0
        self._source: Path | None = None  # a copy of the project, without what git ignores
        self.headway = self.environment("headway", with_headway=True)

    def environment(
        self, name: str, python: str | Path = sys.executable, *, with_headway: bool = False
    ) -> Environment:
        """Return the environment of that name; `with_headway` it has the project as it is now."""
        if name not in self._environments:
            kept = (self.folder / name).exists()
            made = self._environments[name] = Environment(self.folder / name, python)
            if with_headway:
                if self._source is None:
                    self._source = self._runs / "source"
                    unwanted = shutil.ignore_patterns(".*", "__pycache__", "tests", "docs")
                    shutil.copytree(ROOT, self._source, ignore=unwanted)
                made.install(str(self._source))
                if kept:  # of an earlier time: the version is the same, the code may not be
                    made.install("--force-reinstall", "--no-deps", str(self._source))
        return self._environments[name]

    def run(self, path: str | None = None, owner: int | None = None) -> Run:
        """Return directories for one run; `path` is its PATH, `owner` the uid that has them."""
        self._number += 1
        return Run(self, self._runs / str(self._number), path, owner)


class Run:
    """A runtime, a state and a home directory, and the environment that names them."""

    def __init__(self, place: Place, folder: Path, path: str | None, owner: int | None) -> None:
        self.folder = folder
        self.owner = owner
        self._command = place.headway.bin / "headway"
        folder.mkdir(mode=0o755)
        for name in ("runtime", "state", "home", "tmp"):
            (folder / name).mkdir(mode=0o700)
            if owner is not None:
                os.chown(folder / name, owner, -1)
        kept = {name: os.environ[name] for name in ("LANG", "TZ") if name in os.environ}
        self.environ = {
            **kept,
            "PATH": f"{place.headway.bin}:{BARE}" if path is None else path,
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "HEADWAY_RUNTIME_DIR": str(folder / "runtime"),
            "HEADWAY_STATE_DIR": str(folder / "state"),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.headway("broker", "stop")

    def command(self, argv: Sequence[str | Path], **environ: str) -> Ran:
        """Run a command to its end."""
        begun = time.monotonic()
        with subprocess.Popen(
            [str(word) for word in argv],
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder / "tmp",
            start_new_session=True,
            **({} if self.owner is None else {"user": self.owner}),
        ) as process:
            try:
                stdout, stderr = process.communicate(timeout=RUN_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                stdout, stderr = process.communicate()
                process.returncode = None
        seconds = time.monotonic() - begun
        texts = (text.decode("utf-8", "replace") for text in (stdout, stderr))
        return Ran(process.returncode, *texts, seconds)

    def headway(self, *words: str) -> Ran:
        """Run our own command."""
        return self.command([self._command, *words])

    def operations(self) -> list[dict[str, Any]]:
        """Return the operations of `ps`: none while the broker is starting."""
        found = self.headway("ps", "--json").stdout
        return json.loads(found)["operations"] if found else []

    def ended(self, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Return the operations that `wanted` accepts once all of them have ended, or at last."""
        until = time.monotonic() + SEEN_SECONDS
        while True:
            found = [each for each in self.operations() if wanted(each)]
            if found and all(
                each["state"] not in ("pending", "running", "waiting") for each in found
            ):
                return found
            if time.monotonic() > until:
                return found
            time.sleep(0.1)
