"""What the history file holds, read and forgotten by commands while a broker may be running."""

from __future__ import annotations

import os
import sqlite3
from statistics import median
from typing import NamedTuple

from headway.estimate import Run, accuracy
from headway_broker.history import queries, schema


class NoHistory(Exception):
    """The file cannot be used; the text is for a person."""


class Known(NamedTuple):
    """What is remembered of one history key.

    `usual` is the median of its durations in seconds, None where no run was whole; `ended`
    the Unix time of the newest run. `off` is the factor by which its estimates were typically
    wrong, `inside` the part of the time for which their range held the truth; both None without
    estimates.
    """

    key: str
    runs: int
    usual: float | None
    ended: float
    off: float | None
    inside: float | None


def known(path: str) -> list[Known]:
    """All keys, the newest first; none where there is no file. Raises `NoHistory`."""
    if not os.path.exists(path):
        return []
    found: dict[str, list[Run]] = {}
    ended: dict[str, float] = {}
    connection = _connect(path)
    try:
        for one in queries.all_runs(connection):
            try:
                run = Run.from_dict(one.run)
            except ValueError:
                continue
            found.setdefault(one.key, []).append(run)
            ended[one.key] = max(one.ended, ended.get(one.key, 0.0))
    except sqlite3.Error as error:
        raise NoHistory(f"{path}: {error}") from None
    finally:
        connection.close()
    rows = [_known(key, runs, ended[key]) for key, runs in found.items()]
    rows.sort(key=lambda row: -row.ended)
    return rows


def forget(path: str, key: str) -> int:
    """Remove all runs of a key and return how many there were. Raises `NoHistory`."""
    if not os.path.exists(path):
        return 0
    connection = _connect(path)
    try:
        with connection:
            return queries.forget_runs(connection, key)
    except sqlite3.Error as error:
        raise NoHistory(f"{path}: {error}") from None
    finally:
        connection.close()


def _connect(path: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, timeout=5.0)
    except sqlite3.Error as error:
        raise NoHistory(f"{path}: {error}") from None
    try:
        [version] = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        connection.close()
        raise NoHistory(f"{path}: {error}") from None
    if version > schema.VERSION:
        connection.close()
        raise NoHistory(f"{path} was written by a newer version of headway")
    return connection


def _known(key: str, runs: list[Run], ended: float) -> Known:
    whole = [run.seconds for run in runs if run.seconds is not None]
    found = accuracy(runs)
    return Known(
        key,
        len(runs),
        median(whole) if whole else None,
        ended,
        found.factor if found else None,
        found.covered if found else None,
    )
