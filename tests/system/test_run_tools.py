"""Real tools under `headway run`: what they report, and that their output is their own."""

from __future__ import annotations

import functools
import glob
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import threading
import zipfile

import pytest
from commands import ended, output, typed

pytestmark = [pytest.mark.once, pytest.mark.slow]


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"there is no {program}")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def served(tmp_path):
    """A directory and the address it is served at."""
    place = tmp_path / "served"
    place.mkdir()
    handler = functools.partial(Quiet, directory=str(place))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield place, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def stages(operation):
    return {stage.name: stage for stage in operation.stages.values()}


# apt and dpkg


@needs("apt-get")
def test_apt_downloads(machine, listener, tmp_path):
    words = ["-o", "APT::Sandbox::User=root", "download", "hello"]
    status, out, err = output(machine, "--", "apt-get", *words, cwd=tmp_path, timeout=50)
    assert status == 0, err
    assert b"Get:1 " in out
    assert glob.glob(str(tmp_path / "hello_*.deb"))
    operation = listener.ended("apt download hello")
    assert operation.state == "completed"
    assert [stage.state for stage in operation.stages.values()] == ["completed"]
    # In bytes; or in per cent where its status came first, of which nothing more is told of a
    # download that is over at once.
    download = stages(operation)["Download"]
    assert download.total == 100 or download.done == download.total > 0


@pytest.fixture
def root(tmp_path):
    """A throw-away root for dpkg in which everything is as it is here, without files."""
    place = tmp_path / "root"
    for name in ("info", "updates", "triggers"):
        (place / "var/lib/dpkg" / name).mkdir(parents=True)
    shutil.copy("/var/lib/dpkg/status", place / "var/lib/dpkg/status")
    for path in glob.glob("/var/lib/dpkg/info/*.list"):
        (place / "var/lib/dpkg/info" / os.path.basename(path)).touch()
    for name in ("var/cache/apt/archives/partial", "var/log/apt", "etc"):
        (place / name).mkdir(parents=True)
    return place


@needs("apt-get")
@pytest.mark.skipif(os.geteuid() != 0, reason="installs packages")
def test_apt_installs_in_stages_on_a_terminal_and_cannot_be_cancelled_then(machine, listener, root):
    options = [
        "-y",
        f"-oDir::State::status={root}/var/lib/dpkg/status",
        f"-oDir::Cache::archives={root}/var/cache/apt/archives",
        f"-oDir::Log={root}/var/log/apt",
        f"-oDPkg::Options::=--root={root}",
        "-oDPkg::Options::=--force-script-chrootless",
        "-oAPT::Sandbox::User=root",
        "-oDebug::NoLocking=1",
    ]
    terminal = typed(machine, "--", "apt-get", *options, "install", "hello", "sl")
    terminal.timeout = 50
    text, status, _ = ended(terminal)
    assert status == 0, text
    assert "Setting up hello" in text
    operation = listener.ended("apt install hello sl")
    found = stages(operation)
    assert list(found) == ["Download", "Unpack", "Configure"]
    assert (found["Unpack"].done, found["Unpack"].total) == (2, 2)
    assert (found["Configure"].done, found["Configure"].total) == (2, 2)
    assert found["Download"].unit == "B"
    assert not operation.cancellable
    # The same from the text alone, as behind sudo.
    again = typed(machine, "--name", "text", "--", "env", "apt-get", *options, "reinstall", "hello")
    again.timeout = 50
    assert ended(again)[1] == 0


# pip


METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(place, name, size):
    """Put a wheel of `size` random bytes into a simple index at `place`."""
    folder = place / "simple" / name
    folder.mkdir(parents=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    entries = {
        f"{name}/__init__.py": b"",
        f"{name}/data.bin": os.urandom(size),
        f"{name}-1.0.dist-info/METADATA": METADATA.format(name).encode(),
        f"{name}-1.0.dist-info/WHEEL": WHEEL.encode(),
    }
    record = "".join(f"{entry},,\n" for entry in entries) + f"{name}-1.0.dist-info/RECORD,,\n"
    entries[f"{name}-1.0.dist-info/RECORD"] = record.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in entries.items():
            archive.writestr(entry, data)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "index.html").write_text(f'<a href="{path.name}#sha256={digest}">{path.name}</a>')


@pytest.fixture(scope="module")
def old_pip(tmp_path_factory):
    """A virtual environment with the pip that came with this interpreter."""
    place = tmp_path_factory.mktemp("old") / "venv"
    subprocess.run([sys.executable, "-m", "venv", place], check=True, timeout=120)
    return place / "bin" / "pip"


@pytest.fixture(scope="module")
def new_pip(tmp_path_factory):
    """A virtual environment with the newest pip for this interpreter."""
    place = tmp_path_factory.mktemp("new") / "venv"
    subprocess.run([sys.executable, "-m", "venv", place], check=True, timeout=120)
    upgrade = [place / "bin" / "pip", "install", "--quiet", "--upgrade", "pip"]
    subprocess.run(upgrade, check=True, timeout=120)
    return place / "bin" / "pip"


def pip_environ(machine, address):
    # PYTHONPATH would give the pip of another environment its modules.
    environ = {
        name: value
        for name, value in machine.environ.items()
        if "PIP" not in name and name != "PYTHONPATH"
    }
    return {
        **environ,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": address + "/simple",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


@pytest.mark.timeout(180)
@pytest.mark.parametrize("which", ["old_pip", "new_pip"])
def test_pip_installs_whatever_its_version(machine, listener, served, tmp_path, request, which):
    place, address = served
    wheel(place, "alpha", 3_000_000)
    wheel(place, "beta", 10_000)
    pip = str(request.getfixturevalue(which))
    words = [pip, "install", "--target", str(tmp_path / "there"), "alpha", "beta"]
    environ = pip_environ(machine, address)
    status, out, err = output(machine, "--", *words, env=environ, timeout=60)
    assert status == 0, err
    assert b"Progress " not in out
    assert b"Successfully installed alpha-1.0 beta-1.0" in out
    found = stages(listener.ended("pip install alpha beta"))
    assert {"Resolve", "Download", "alpha 1.0", "Install"} <= set(found)
    assert (found["Install"].done, found["Install"].total) == (2, 2)
    assert found["alpha 1.0"].unit == "B"
    assert found["alpha 1.0"].done == pytest.approx(3_000_000, rel=0.05)


@pytest.mark.timeout(180)
def test_pip_on_a_terminal(machine, listener, served, tmp_path, new_pip):
    place, address = served
    wheel(place, "alpha", 3_000_000)
    words = [str(new_pip), "install", "--target", str(tmp_path / "there"), "alpha"]
    machine.environ = pip_environ(machine, address)
    text, status, _ = ended(typed(machine, "--", *words))
    assert status == 0, text
    assert "Successfully installed alpha-1.0" in text
    found = stages(listener.ended("pip install alpha"))
    assert found["alpha 1.0"].done == pytest.approx(3_000_000, rel=0.05)


@pytest.mark.timeout(180)
def test_a_pip_that_fails_says_why(machine, listener, served, old_pip):
    words = [str(old_pip), "install", "gamma"]
    status, _, err = output(machine, "--", *words, env=pip_environ(machine, served[1]), timeout=60)
    assert status == 1
    assert b"No matching distribution found for gamma" in err
    operation = listener.ended("pip install gamma")
    assert operation.state == "failed"
    assert operation.error == "No matching distribution found for gamma"


# git, curl, wget, cmake, npm


@needs("git")
def test_git_clones(machine, listener, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for number in range(300):
        (source / f"file{number}").write_bytes(os.urandom(2000))
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@a", "-C", str(source)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True, timeout=30)
    words = ["git", "clone", f"file://{source}", str(tmp_path / "clone")]
    status, out, err = output(machine, "--", *words)
    assert (status, out) == (0, b"")
    assert err == f"Cloning into '{tmp_path / 'clone'}'...\n".encode()
    found = stages(listener.ended("git clone source"))
    assert (found["Receiving objects"].done, found["Receiving objects"].total) == (302, 302)


@needs("git")
def test_tools_below_a_script_are_stages_of_their_own(machine, listener, tmp_path):
    copy = "dd if=/dev/zero of=/dev/null bs=64k count=99999999999 status=progress"
    script = (
        "echo Installing; git init -q source; cd source; git commit -qm x --allow-empty; cd ..\n"
        f"{copy} & sleep 2.5; kill $!\n"
        "git clone --progress --no-local source copy"
    )
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@a"}
    machine.environ.update({**names, "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@a"})
    status, _, err = output(machine, "--", "sh", "-c", script, cwd=tmp_path, env=machine.environ)
    assert status == 0, err
    operation = listener.ended("sh")
    found = stages(operation)
    assert found["Copy"].parent == found["dd"].id
    assert found["Copy"].done > 0
    git = next(stage for name, stage in found.items() if name.startswith("git"))
    assert found["Receiving objects"].parent == git.id
    assert {stage.state for stage in operation.stages.values()} == {"completed"}


@needs("curl")
def test_curl_downloads_beside_its_data(machine, listener, served):
    place, address = served
    data = os.urandom(3_000_000)
    (place / "big").write_bytes(data)
    words = ["curl", "--limit-rate", "2M", f"{address}/big?token=hunter2"]
    status, out, err = output(machine, "--", *words)
    assert (status, out) == (0, data)
    assert b"% Total" in err
    found = stages(listener.ended("curl"))
    assert found["Download"].total == pytest.approx(3_000_000, rel=0.01)
    assert found["Download"].state == "completed"


@needs("wget")
def test_wget_downloads_on_a_terminal(machine, listener, served):
    place, address = served
    (place / "big.iso").write_bytes(os.urandom(2_000_000))
    words = ["wget", "--limit-rate=2m", "-O", "/dev/null", f"{address}/big.iso"]
    text, status, _ = ended(typed(machine, "--", *words))
    assert status == 0
    assert "100%" in text
    found = stages(listener.ended("wget"))
    assert (found["Download"].done, found["Download"].total) == (2_000_000, 2_000_000)


@needs("cmake")
def test_a_build_counts_its_steps(machine, listener, tmp_path):
    for number in range(4):
        (tmp_path / f"f{number}.c").write_text(f"int f{number}(void) {{ return {number}; }}\n")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.10)\nproject(x C)\nadd_library(x f0.c f1.c f2.c f3.c)\n"
    )
    subprocess.run(
        ["cmake", "-S", tmp_path, "-B", tmp_path / "out"],
        check=True,
        timeout=60,
        stdout=subprocess.DEVNULL,
    )
    status, out, _ = output(machine, "--", "cmake", "--build", str(tmp_path / "out"))
    assert status == 0
    assert b"Built target x" in out
    found = stages(listener.ended("cmake build (out)"))
    assert (found["Build"].done, found["Build"].state) == (found["Build"].total, "completed")


@needs("npm")
def test_npm_installs_from_a_directory(machine, listener, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "package.json").write_text('{"name": "local-thing", "version": "1.0.0"}')
    there = tmp_path / "there"
    there.mkdir()
    (there / "package.json").write_text('{"name": "x", "version": "1.0.0"}')
    words = ["npm", "install", "--offline", "--no-audit", "--no-fund", str(package)]
    status, out, err = output(machine, "--", *words, cwd=there, timeout=50)
    assert status == 0, err
    assert b"added 1 package" in out
    assert b"npm http" not in err
    assert listener.ended("npm install (there)").state == "completed"
