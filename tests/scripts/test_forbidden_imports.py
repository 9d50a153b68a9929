"""The import contracts notice what they are there for, in a copy with forbidden imports in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from source_packages import CORES, ROOT, WINGS, path_of

pytestmark = pytest.mark.once

PLAIN = "import {}\n"
IN_A_FUNCTION = "def _late():\n    import {}\n"
FOR_TYPES = "if TYPE_CHECKING:\n    import {}\n"
FORBIDDEN = [
    ("headway.model", "time", PLAIN),
    ("headway.estimate.forecast", "random", PLAIN),
    ("headway.protocol.wire", "socket", PLAIN),
    ("headway.reporting.publisher", "threading", PLAIN),
    ("headway.run.parsers.packages.apt", "subprocess", IN_A_FUNCTION),
    ("headway_broker.core", "zmq", PLAIN),
    ("headway_broker.state.ledger", "os", FOR_TYPES),
    ("headway_broker.storage.policy", "sqlite3", PLAIN),
    ("headway_viewer.replica.replica", "datetime", PLAIN),
    ("headway_viewer.picture.view", "_thread", IN_A_FUNCTION),
]
UPWARD = [
    (
        "headway_broker.state.ledger",
        "headway_broker.shell.processes",
        PLAIN,
        "Layers of the broker",
    ),
    (
        "headway_viewer.formatting",
        "headway_viewer.replica.replica",
        FOR_TYPES,
        "Layers of the viewer",
    ),
    ("headway.host.threads", "headway.reporting.reporter", IN_A_FUNCTION, "Layers of the sdk"),
    ("headway.host.notebook", "headway.host.files.secret_key", PLAIN, "Layers of the host"),
    ("headway.api.outcomes.outcome", "headway.api.track", FOR_TYPES, "Layers of the api"),
    ("headway.reporting.loop_exits", "headway.reporting.thread", PLAIN, "Layers of reporting"),
    (
        "headway.run.progress.stage_target",
        "headway.run.supervision.launch",
        IN_A_FUNCTION,
        "Layers of headway run",
    ),
    (
        "headway_broker.peers.counts.merged_counts",
        "headway_broker.peers.endings",
        PLAIN,
        "Layers of the broker's peers",
    ),
    (
        "headway_viewer.commands.listing.filters",
        "headway_viewer.commands.follow",
        PLAIN,
        "Layers of the viewer's commands",
    ),
    (
        "headway_viewer.picture.board",
        "headway_broker.state.ledger",
        PLAIN,
        "Layers of the distribution",
    ),
    (
        "headway_broker.history.queries",
        "headway_viewer.formatting",
        IN_A_FUNCTION,
        "Layers of the distribution",
    ),
    (
        "progress_tracker.stage",
        "headway_viewer.formatting",
        IN_A_FUNCTION,
        "Layers of the distribution",
    ),
    ("headway.commands.table", "progress_tracker", IN_A_FUNCTION, "Layers of the distribution"),
    ("headway_patch.lines", "headway.text", IN_A_FUNCTION, "What runs in patched programs"),
    ("headway.model", "headway.text", PLAIN, "The model, the estimate and text stand"),
    ("headway.protocol.wire", "headway.text", PLAIN, "The protocol stands on the model"),
]


@pytest.fixture(scope="module")
def verdict(tmp_path_factory):
    """What the contracts say of a copy of the packages with all of these imports in it."""
    root = tmp_path_factory.mktemp("walls")
    for wing in WINGS:
        shutil.copytree(ROOT / wing, root / wing, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for importer, imported, how, *_ in [*FORBIDDEN, *UPWARD]:
        with path_of(importer, root).open("a") as file:
            file.write(how.format(imported))
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=root,
        env={
            **os.environ,
            "COLUMNS": "300",
            "PYTHONPATH": os.pathsep.join(str(root / wing) for wing in WINGS),
        },
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.parametrize(("importer", "imported"), [some[:2] for some in FORBIDDEN])
def test_a_forbidden_import_in_a_core_breaks_its_contract(verdict, importer, imported):
    assert verdict.returncode == 1
    assert re.search(rf"- +{importer} -> {imported} \(l\.\d+\)", broken(verdict, CORES))


@pytest.mark.parametrize(("importer", "imported", "how", "name"), UPWARD)
def test_an_upward_import_breaks_a_contract(verdict, importer, imported, how, name):
    del how
    assert re.search(rf"- +{importer} -> {imported} \(l\.\d+\)", broken(verdict, name))


def test_a_core_that_reaches_the_system_by_way_of_a_shell_breaks_its_contract(verdict):
    core, shell, *_ = UPWARD[0]
    way = rf"- +{core} -> {shell} \(l\.\d+\)\n +{shell} -> os \(l\.\d+\)"
    assert re.search(way, broken(verdict, CORES))


def broken(verdict, name):
    """What is said of one broken contract: its title is underlined."""
    parts = re.split(r"^(.+)\n-+\n", verdict.stdout, flags=re.MULTILINE)
    return next(parts[at + 1] for at in range(1, len(parts), 2) if parts[at].startswith(name))
