"""The packages of this tree, their modules, and what the import contracts say of them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = {
    "headway": "sdk",
    "headway_broker": "broker",
    "headway_viewer": "viewer",
    "headway_patch": "sdk",
    "progress_tracker": "sdk",
}
WINGS = ("sdk", "broker", "viewer")
CORES = "Cores decide, shells do"


def contract(name):
    from importlinter import api

    contracts = api.read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]
    return next(contract for contract in contracts if contract["name"] == name)


def modules(*packages):
    """The modules of these packages (of all): no `__init__`, which is a door, and no `__main__`."""
    for package in packages or PACKAGES:
        wing = ROOT / PACKAGES[package]
        for file in sorted((wing / package).rglob("*.py")):
            if not file.stem.startswith("__"):
                yield ".".join(file.relative_to(wing).with_suffix("").parts)


def cores():
    """The name and the file of each core, and of each package that is one as a whole."""
    held = contract(CORES)["source_modules"]
    for package, wing in PACKAGES.items():
        for file in sorted((ROOT / wing / package).rglob("*.py")):
            parts = file.relative_to(ROOT / wing).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if within(name, held):
                yield name, file


def within(module, packages):
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


def path_of(module, root=ROOT):
    return root.joinpath(PACKAGES[module.split(".")[0]], *module.split(".")).with_suffix(".py")
