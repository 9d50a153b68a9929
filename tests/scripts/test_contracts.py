"""What holds for the folders and layers of all packages and no import contract can say.

`scripts/check` runs this file.
"""

from __future__ import annotations

import re

import pytest
from source_packages import contract, modules, within

pytestmark = pytest.mark.once


@pytest.mark.parametrize("package", ["headway", "headway_broker", "headway_viewer"])
def test_every_module_is_in_one_layer_of_its_package(package):
    title = {"headway": "sdk"}.get(package, package.removeprefix("headway_"))
    layers = contract(f"Layers of the {title}")["layers"]
    members = [member for layer in layers for member in re.split(r"\s*[|:]\s*", layer)]
    outside = [module for module in modules(package) if not within(module, members)]
    assert outside == []


@pytest.mark.parametrize(
    "package", ["headway", "headway_broker", "headway_patch", "headway_viewer", "progress_tracker"]
)
def test_no_module_is_imported_by_what_it_imports(package):
    assert circle(package) == []


def test_no_folder_has_more_than_15_modules():
    members = {}
    for module in modules():
        folder, _, name = module.rpartition(".")
        members.setdefault(folder, []).append(name)
    assert len(members) > 30
    assert {folder: names for folder, names in members.items() if len(names) > 15} == {}


def test_a_circle_by_imports_for_types_and_in_functions_is_found(tmp_path, monkeypatch):
    package = tmp_path / "looped"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from looped.two import Two\n"
    )
    (package / "two.py").write_text("def late():\n    from looped import one\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert set(circle("looped")) == {"looped.one", "looped.two"}


def circle(package):
    """The modules of a circle of imports inside a package, or none."""
    import graphlib
    import grimp

    graph = grimp.build_graph(package, cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []
