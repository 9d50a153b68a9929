"""The summary of the history by key, for `headway history`; a broker may be running."""

from __future__ import annotations

import os
import sqlite3
from statistics import median
from typing import Callable, Iterable, NamedTuple

from headway.estimate import Run, accuracy, untold
from headway.estimate.history.key import key_id
from headway.formatting.quantity import is_bytes
from headway.host.files import long_commands
from headway.lookup import is_program_of, similar_names
from headway.run.parsers.registry import script_in
from headway_broker.history import queries, schema

LEAST_ID = 3  # characters of an id that are enough where they name one key alone


class NoHistory(Exception):
    """Raised if the file cannot be used; the text is for a person."""


class Known(NamedTuple):
    """The summary of one history key.

    `usual` is the median duration in seconds, None if no run was complete; `ended` the Unix time
    of the newest run. `off` is the typical factor by which estimates were wrong, `inside` the part
    of the time in which their range held the truth, 0…1: of the runs that had history, or of which
    that is not known; `first_off` is the factor of those that had none. `untold` is the share of
    the time without an estimate. All are None where that is unknown.
    `name` is what the newest run was called, `id` a hash of the key: what a person types of it.
    `total` is what the largest stage of the newest run counted, in `unit`s; 0 where none did.
    """

    id: str
    name: str
    key: str
    runs: int
    usual: float | None
    ended: float
    off: float | None
    inside: float | None
    first_off: float | None = None
    untold: float | None = None
    total: float = 0.0
    unit: str = ""


class Dated(NamedTuple):
    """A run, the Unix time of its end, and where it is stored.

    `operation` is the id of the operation, None for a run of an earlier version; `name` what a
    person calls it; `number` orders runs by age.
    """

    ended: float
    run: Run
    operation: str | None = None
    key: str = ""
    name: str = ""
    number: int = 0


def known(path: str) -> list[Known]:
    """Return a summary of every key, the newest first; none without a file. Raise `NoHistory`."""
    if not _is_written(path):
        return []
    found: dict[str, list[Run]] = {}
    ended: dict[str, float] = {}
    names: dict[str, str] = {}
    connection = _connect(path)
    try:
        for one in queries.all_runs(connection):
            try:
                run = Run.from_dict(one.run)
            except ValueError:
                continue
            found.setdefault(one.key, []).append(run)
            ended[one.key] = max(one.ended, ended.get(one.key, 0.0))
            names[one.key] = one.name or one.key
    except sqlite3.Error as error:
        raise NoHistory(f"{path}: {error}") from None
    finally:
        connection.close()
    rows = [_known(names[key], key, runs, ended[key]) for key, runs in found.items()]
    rows.sort(key=lambda row: -row.ended)
    return rows


def runs_of(path: str, key: str) -> list[Dated]:
    """Return the runs of a key, oldest first. Raise `NoHistory`."""
    return _dated(path, lambda connection: queries.runs_of_key(connection, key))


def runs_of_any(path: str, keys: Iterable[str], own: str | None = None) -> list[Dated]:
    """Return the runs of the first key that has any, oldest first. Raise `NoHistory`.

    Those of `own`, an operation, are among them, but are none to hold it against.
    """
    best: list[Dated] = []
    for key in keys:
        found = runs_of(path, key) or _dated(
            path, lambda connection, key=key: queries.runs_of_coarser(connection, key)
        )
        best = best or found
        if any(own is None or one.operation != own for one in found):
            return found
    return best


def runs_like(path: str, key: str) -> list[Dated]:
    """Return the runs of a key, oldest first; of one that has but one, those like it, too.

    They are those of its finest coarser key that has others. Raise `NoHistory`.
    """
    found = runs_of(path, key)
    if len(found) != 1:
        return found
    like = _dated(path, lambda connection: queries.runs_like(connection, found[0].number))
    return like or found


def runs_of_operation(path: str, prefix: str) -> list[Dated]:
    """Return the runs of the operations whose id begins so, oldest first. Raise `NoHistory`."""
    found = _dated(path, lambda connection: queries.runs_of_operation(connection, prefix))
    return [one for one in found if (one.operation or "").lower().startswith(prefix)]


def _dated(path: str, read: Callable[[sqlite3.Connection], Iterable[queries.RunOf]]) -> list[Dated]:
    """Return what is read of the file, without what is no run. Raise `NoHistory`."""
    if not _is_written(path):
        return []
    found: list[Dated] = []
    connection = _connect(path)
    try:
        for one in read(connection):
            try:
                run = Run.from_dict(one.run)
            except ValueError:
                continue
            name = one.run.get("operation")
            operation = name if isinstance(name, str) else None
            found.append(Dated(one.ended, run, operation, one.key, one.name or one.key, one.number))
    except sqlite3.Error as error:
        raise NoHistory(f"{path}: {error}") from None
    finally:
        connection.close()
    return found


def find(rows: list[Known], word: str, *, acts: bool = False) -> list[Known]:
    """Return the rows that `word` names: by key, else by id, by name, or by a script's command.

    By that not for who `acts` on them: its script may be another folder's.
    """
    script = None if acts else script_in(word)
    for field, value in (("key", word), ("id", word), ("name", word), ("name", script)):
        found = [row for row in rows if getattr(row, field) == value]
        if found:
            return found
    found = [row for row in rows if not acts and is_program_of(word, row.name)]
    if found:
        return found
    return [row for row in rows if len(word) >= LEAST_ID and row.id.startswith(word)]


def similar(rows: list[Known], word: str) -> list[Known]:
    """Return the rows that may be meant by a word that names none, one a name."""
    close = find(rows, word)
    if close:
        return close
    named: dict[str, Known] = {}
    for row in rows:
        named.setdefault(row.name, row)
    return [named[name] for name in similar_names(named, word, script_in(word))]


def forget_all(path: str) -> int:
    """Delete all runs and return their number. Raise `NoHistory`."""
    return _change(path, queries.forget_all_runs)


def forget(path: str, key: str) -> int:
    """Delete all runs of a key and return their number. Raise `NoHistory`."""
    return _change(path, lambda connection: queries.forget_runs(connection, key))


def _change(path: str, change: Callable[[sqlite3.Connection], int]) -> int:
    if not _is_written(path):
        return 0
    try:
        os.unlink(os.path.join(os.path.dirname(path), long_commands.NAME))
    except OSError:
        pass  # they are of commands, of which none may have run long
    connection = _connect(path)
    try:
        with connection:
            return change(connection)
    except sqlite3.Error as error:
        raise NoHistory(f"{path}: {error}") from None
    finally:
        connection.close()


def _is_written(path: str) -> bool:
    """Return whether there is a file with something in it: SQLite makes an empty one first."""
    try:
        return os.stat(path).st_size > 0
    except FileNotFoundError:
        return False
    except OSError:
        return True  # opening it tells what is the matter


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


def _known(name: str, key: str, runs: list[Run], ended: float) -> Known:
    whole = [run.seconds for run in runs if run.seconds is not None]
    found = accuracy([run for run in runs if run.known != 0])
    first = accuracy([run for run in runs if run.known == 0])
    return Known(
        key_id(key),
        name,
        key,
        len(runs),
        median(whole) if whole else None,
        ended,
        found.factor if found else None,
        found.covered if found else None,
        first.factor if first else None,
        untold(runs),
        *_size(runs[-1]),
    )


def _size(run: Run) -> tuple[float, str]:
    """Return what a run has counted: of its bytes, or else of what took longest, and its unit."""
    counted = [span for span in run.spans if span.total > 0 and span.unit != "%"]
    counted.sort(key=lambda span: (is_bytes(span.unit), span.worked))
    return (counted[-1].total, counted[-1].unit) if counted else (0.0, "")
