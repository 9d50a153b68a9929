"""Unedited programs with bars, run bare, by `headway patch` and by `headway run --patch`.

Each has a truth: the bars that it makes, with what they count to, as the program's own numbers and
results say. Its environment has nothing of Headway.
"""

from __future__ import annotations

import functools
import http.server
import re
import threading
import zipfile
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple

from wild_programs.rows import Row
from wild_programs.sandbox import Place, Ran

SCRIPTS = Path(__file__).parent / "scripts"
WAYS = ("patch", "run --patch")
# What a bar writes differs from run to run: times, rates, and which of its counts are drawn.
_DRAWN = re.compile(r"\d+%\||it/s|s/it|/s\]|\?it|━|in \d+\.\ds|█|▏|0:00:0|-:--:--")
# So do processes, addresses and times in what programs say.
_VARIES = re.compile(
    r"\d+(?:\.\d+)? ?(?:s|ms|MB/s|kB/s|MiB/s|KiB/s|GiB/s)\b|0x[0-9a-f]+|\d{2}:\d{2}"
)


class Case(NamedTuple):
    """A program: what is installed for it, its command, and the bars that are true of it."""

    package: str
    needs: tuple[str, ...]
    command: Callable[[Place, Path], list[str | Path]]
    # Name, state, done (-1: any, where that is a matter of chance) and total.
    truth: tuple[tuple[str, str, float, float | None], ...]
    status: int = 0


def script(name: str) -> Callable[[Place, Path], list[str | Path]]:
    """Return what makes the command that runs one of our scripts."""
    return lambda _place, python: [python, SCRIPTS / f"{name}.py"]


def plain(text: str) -> list[str]:
    """Return the lines of an output that are no bars."""
    lines = (line.rpartition("\r")[2] for line in text.replace("\r\n", "\n").split("\n"))
    return [_VARIES.sub("#", line) for line in lines if not _DRAWN.search(line)]


def bars_of(operation: dict[str, Any]) -> list[tuple[str, str, float, float | None]]:
    """Return the stages of an operation, with those in them."""
    found: list[tuple[str, str, float, float | None]] = []
    left = list(operation["stages"])
    while left:
        stage = left.pop(0)
        found.append((stage["name"], stage["state"], stage["done"], stage["total"]))
        left[:0] = stage.get("stages", [])
    return found


def check(place: Place, name: str, case: Case) -> Row:
    """Run a program in all ways."""
    environment = place.environment("bars")
    environment.install(case.package, *case.needs)
    python = environment.bin / "python"
    wrong: list[str] = []
    told: set[str] = set()
    seconds: list[float] = []
    with place.run() as run:
        bare = run.command(case.command(place, python))
    seconds.append(bare.seconds)
    if bare.status != case.status:
        wrong.append(f"bare: status {bare.status}: {bare.stderr[-300:]!r}")
    same_output = same_status = True
    for way in WAYS:
        with place.run() as run:
            command = [place.headway.bin / "headway", *way.split(), "--"]
            ran = run.command([*command, *case.command(place, python)])
            operations = run.ended(lambda _each: True)
        seconds.append(ran.seconds)
        same_status &= ran.status == bare.status
        difference = _difference(bare, ran)
        if difference:
            same_output = False
            wrong.append(f"{way}: {difference}")
        seen = [bar for operation in operations for bar in bars_of(operation)]
        seen += [(bar[0], bar[1], -1, bar[3]) for bar in seen]
        missing = [bar for bar in case.truth if bar not in seen]
        if missing:
            wrong.append(f"{way}: not seen: {missing}, but {seen}")
        false = [bar for bar in seen if (bar[0], bar[3]) not in {(b[0], b[3]) for b in case.truth}]
        told.add(f"{sum(bar in seen for bar in case.truth)} of {len(case.truth)}")
        if false and case.truth:
            wrong.append(f"{way}: seen, and not true: {false}")
    return Row(
        name,
        environment.version(case.package),
        " / ".join(sorted(told)) + " bars",
        same_output,
        same_status,
        tuple(seconds),
        tuple(wrong),
    )


def _difference(bare: Ran, ran: Ran) -> str | None:
    for kind, first, second in (
        ("stdout", bare.stdout, ran.stdout),
        ("stderr", bare.stderr, ran.stderr),
    ):
        one, other = plain(first), plain(second)
        if one != other:
            lines = [line for line in other if line not in one] or [
                line for line in one if line not in other
            ]
            return f"{kind} differs: {lines[:3]}"
    return None


def served(folder: Path) -> Iterator[str]:
    """Serve a folder, and take every upload; yield the address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

    handler = functools.partial(Handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that leaves
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


def _address(place: Place) -> str:
    """Return where the folder of files to fetch and to upload is served, until the end of all."""
    folder = place.folder / "served"
    if not hasattr(place, "served"):
        folder.mkdir(exist_ok=True)
        (folder / "film.mp4").write_bytes(b"\0" * 8_000_000)
        wheel(folder / "wild-1.0-py3-none-any.whl")
        place.served = served(folder)  # type: ignore[attr-defined]
        place.address = next(place.served)  # type: ignore[attr-defined]
    return place.address  # type: ignore[attr-defined]


def wheel(path: Path) -> None:
    """Write a wheel of a few megabytes."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("wild.bin", b"\0" * 3_000_000)
        about = "Metadata-Version: 2.1\nName: wild\nVersion: 1.0\n"
        file.writestr("wild-1.0.dist-info/METADATA", about)
        file.writestr("wild-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr("wild-1.0.dist-info/RECORD", "")


def yt_dlp(place: Place, python: Path) -> list[str | Path]:
    """Return the command that fetches a film."""
    options = ["--no-cache-dir", "--force-overwrites", "-o", "film.%(ext)s"]
    return [python, "-m", "yt_dlp", *options, f"{_address(place)}/film.mp4"]


def twine(place: Place, python: Path) -> list[str | Path]:
    """Return the command that uploads a wheel."""
    address = _address(place) + "/"
    who = ["-u", "me", "-p", "x", "--repository-url", address, "--non-interactive"]
    path = place.folder / "served" / "wild-1.0-py3-none-any.whl"
    return [python, "-m", "twine", "upload", *who, path]


def pip(place: Place, python: Path) -> list[str | Path]:
    """Return the command that installs a wheel from a server."""
    address = f"{_address(place)}/wild-1.0-py3-none-any.whl"
    return [python, "-m", "pip", "install", "--no-cache-dir", "--target", "there", address]


def _done(name: str, number: int) -> tuple[str, str, float, float | None]:
    return (name, "completed", number, number)


CASES = {
    "datasets": Case(
        "datasets",
        (),
        script("datasets_rows"),
        (
            _done("Square", 5000),
            _done("Again (num_proc=2)", 5000),
            _done("Filter", 5000),
            _done("Saving the dataset (0/1 shards)", 2500),
            _done("Creating CSV from Arrow format", 3),
        ),
    ),
    "optuna": Case("optuna", (), script("optuna_study"), (_done("items", 40),)),
    "mpire": Case(
        "mpire",
        (),
        script("mpire_pool"),
        (_done("Render", 100), ("Fail", "failed", -1, 50)),
        status=1,
    ),
    "dask": Case(
        "dask",
        ("dask[array,distributed]", "tqdm"),
        script("dask_local"),
        (_done("Array", 20), _done("Futures", 60)),
    ),
    "joblib": Case(
        "scikit-learn",
        ("joblib", "tqdm"),
        script("joblib_loops"),
        (_done("pages", 24), _done("lines", 10), _done("results", 24), _done("search", 3)),
    ),
    "tqdm": Case(
        "tqdm",
        (),
        script("tqdm_maps"),
        (
            ("processes", "completed", 12, 60),  # it counts the 12 chunks, and draws 20 %
            _done("threads", 60),
            ("fails", "failed", 20, 20),
            ("left", "completed", 12, 30),
        ),
        status=3,
    ),
    "pandas": Case("pandas", ("tqdm",), script("pandas_apply"), (_done("rows", 10),)),
    "gensim": Case(
        "gensim",
        ("nltk", "tqdm"),
        script("gensim_vectors"),
        (_done("Stem", 1000), _done("Vocabulary", 1000), _done("Epochs", 3)),
    ),
    "rich": Case(
        "rich",
        (),
        script("rich_tasks"),
        (
            _done("Fetch", 1000),
            _done("Unpack", 150),
            _done("Sum", 40),
            ("Broken", "failed", 0, 3),
        ),
        status=1,
    ),
    "alive-progress": Case(
        "alive-progress",
        (),
        script("alive_bars"),
        (
            _done("Rows", 50),
            ("Unknown", "completed", 30, None),
            _done("Manual", 100),
            _done("Items", 40),
        ),
    ),
    "yt-dlp": Case("yt-dlp", (), yt_dlp, ()),
    "twine": Case("twine", (), twine, ()),
    "pip": Case("pip", (), pip, ()),
}
