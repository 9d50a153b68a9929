"""Files that hide modules of the standard library."""

from __future__ import annotations

import os
import sys
import types

import pytest

from headway.host.launch.shadowed_stdlib import find


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def search(folder, **modules):
    return find([str(folder), *sys.path], modules)


def test_a_folder_without_such_files_hides_nothing(folder):
    (folder / "build.py").touch()
    (folder / "random.txt").touch()
    (folder / "json").mkdir()  # without an __init__ it comes after the library's
    assert search(folder) is None


@pytest.mark.parametrize("name", ["random.py", "select.cpython-313-x86_64-linux-gnu.so"])
def test_a_file_of_the_name_of_what_we_need_hides_it(folder, name):
    (folder / name).touch()
    assert search(folder) == str(folder / name)


def test_a_frozen_library_without_files_hides_nothing_and_is_no_error(folder, monkeypatch):
    monkeypatch.delattr(os, "__file__")
    assert find([str(folder)], {}) is None
    (folder / "random.py").touch()
    assert find([str(folder)], {}) == str(folder / "random.py")


def test_a_package_of_that_name_hides_it(folder):
    (folder / "json").mkdir()
    (folder / "json" / "__init__.py").touch()
    assert search(folder) == str(folder / "json")


def test_what_was_loaded_from_the_library_before_is_hidden_by_nothing(folder):
    (folder / "random.py").touch()
    loaded = types.SimpleNamespace(__file__="/usr/lib/python3/random.py")
    assert search(folder, random=loaded) is None


def test_what_was_loaded_from_that_file_is_not_the_librarys(folder):
    (folder / "random.py").touch()
    loaded = types.SimpleNamespace(__file__=str(folder / "random.py"))
    assert search(folder, random=loaded) == str(folder / "random.py")


def test_what_comes_after_the_library_hides_nothing(folder):
    (folder / "random.py").touch()
    assert find([*sys.path, str(folder)], {}) is None


def test_the_librarys_folder_of_modules_in_c_hides_nothing(folder):
    (folder / "lib-dynload").mkdir()
    (folder / "lib-dynload" / "select.so").touch()
    assert search(folder / "lib-dynload") is None


@pytest.mark.parametrize("place", ["", "lib-dynload", "inner"])
def test_a_frozen_programs_bundle_hides_nothing(folder, monkeypatch, place):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(folder), raising=False)
    (folder / place).mkdir(exist_ok=True)
    (folder / place / "select.so").touch()
    assert search(folder / place) is None


def test_a_file_beside_a_frozen_programs_bundle_still_hides(folder, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(folder / "bundle"), raising=False)
    (folder / "random.py").touch()
    assert search(folder) == str(folder / "random.py")
