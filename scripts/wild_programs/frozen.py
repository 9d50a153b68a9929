"""Programs that import Headway and are frozen, packed, or embed Python.

Each has to do its work once, as with HEADWAY=off; a broker is started by a Python that can run it,
that of the `headway` command on PATH where the program has none, or by nobody.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable, Sequence

from wild_programs.rows import Row
from wild_programs.sandbox import (
    BARE,
    BUILD_SECONDS,
    RUN_SECONDS,
    Environment,
    NotRunError,
    Place,
    Run,
    tool,
)

NAME = "Frozen app"
COUNT = 20
PROGRAM = f"""\
import os, sys, time
def main():
    with open(os.environ["RUNS"], "a") as runs:
        runs.write(f"{{os.getpid()}} {{sys.argv[1:]}}\\n")
    import headway
    for _ in headway.track(range({COUNT}), "{NAME}"):
        time.sleep(0.1)
    print("done")
    sys.exit(3)
if __name__ == "__main__":
    main()
"""
REQUEST = f"""\
import time, headway
def application(environ, start_response):
    for _ in headway.track(range({COUNT}), "{NAME}"):
        time.sleep(0.1)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]
"""


def of_ours(operation: dict[str, Any]) -> bool:
    """Return whether it is the program's."""
    return operation["name"].endswith(NAME)


def told(operations: Sequence[dict[str, Any]]) -> str:
    """Return states and counts of operations, as words."""
    found = [
        f"{each['state']} {each['stages'][0]['done'] if each['stages'] else '?'}"
        for each in operations
    ]
    return ", ".join(found) or "nothing"


def brokers(run: Run) -> list[str]:
    """Return the command lines of the brokers of this run's directory."""
    found: list[str] = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            environ = (each / "environ").read_bytes().split(b"\0")
            words = (each / "cmdline").read_text().split("\0")
        except OSError:
            continue
        mine = f"HEADWAY_RUNTIME_DIR={run.environ['HEADWAY_RUNTIME_DIR']}".encode()
        if mine in environ and "headway_broker" in words:
            found.append(words[0])
    return found


def check_program(
    place: Place, name: str, version: str, command: Sequence[str | Path], *, own: bool
) -> Row:
    """Run a program with HEADWAY=off, with our command on PATH and without.

    `own` says that it has a Python of its own that can run a broker.
    """
    wrong: list[str] = []
    seen: list[str] = []
    runs: list[tuple[int | None, str, str]] = []
    seconds: list[float] = []
    # Without a broker the end waits in the spool, where `headway ps` sees it.
    cases = (
        ("off", None, {"HEADWAY": "off"}, False, False),
        ("with headway on PATH", None, {}, True, True),
        ("without", BARE, {}, True, own),
    )
    for where, path, environ, reports, starts in cases:
        with place.run(path) as run:
            counted = run.folder / "runs"
            ran = run.command(command, RUNS=str(counted), **environ)
            operations = run.ended(of_ours) if reports else run.operations()
            began = brokers(run)
        runs.append((ran.status, ran.stdout, ran.stderr))
        seconds.append(ran.seconds)
        if where != "off":
            seen.append(f"{where}: {told(operations)}")
        wanted = f"failed {COUNT}" if reports else "nothing"
        if told(operations) not in (wanted, f"completed {COUNT}" if reports else wanted):
            wrong.append(f"{where}: seen {told(operations)}")
        if any("python" not in Path(each).name for each in began) or (began and not starts):
            wrong.append(f"{where}: a broker was started by {began}")
        times = counted.read_text().splitlines() if counted.exists() else []
        if len(times) != 1:
            wrong.append(f"{where}: ran {len(times)} times: {times[:4]}, {ran.stderr[-300:]!r}")
    wrong += [f"not as with HEADWAY=off: {each}" for each in runs[1:] if each != runs[0]]
    if runs[0][:2] != (3, "done\n"):
        wrong.append(f"with HEADWAY=off: {runs[0]}")
    same = [all(each[part] == runs[0][part] for each in runs) for part in (0, 1, 2)]
    return Row(
        name, version, "; ".join(seen), same[1] and same[2], same[0], tuple(seconds), tuple(wrong)
    )


def prepared(place: Place, *packages: str) -> tuple[Environment, Path]:
    """Return the environment of these cases, with packages, and the program."""
    environment = place.environment("frozen", with_headway=True)
    if packages:
        environment.install(*packages)
    app = place.folder / "app.py"
    app.write_text(PROGRAM)
    return environment, app


def folder_of(place: Place, name: str) -> Path:
    """Return an empty folder to build in."""
    folder = place.folder / "built" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def pyinstaller(place: Place, name: str) -> Row:
    environment, app = prepared(place, "pyinstaller")
    folder = folder_of(place, name)
    kind = name.partition("-")[2]
    build = [environment.bin / "pyinstaller", f"--{kind}", "--log-level", "ERROR", app]
    tool(build, BUILD_SECONDS, "it does not build", cwd=folder)
    program = folder / "dist" / "app" / "app" if kind == "onedir" else folder / "dist" / "app"
    return check_program(place, name, environment.version("pyinstaller"), [program], own=False)


def cx_freeze(place: Place, name: str) -> Row:
    environment, app = prepared(place, "cx_Freeze")
    folder = folder_of(place, name)
    build = [environment.bin / "cxfreeze", "build_exe", "--script", app, "--build-exe", "dist"]
    tool(build, BUILD_SECONDS, "it does not build", cwd=folder)
    program = folder / "dist" / "app"
    return check_program(place, name, environment.version("cx_Freeze"), [program], own=False)


def nuitka(place: Place, name: str) -> Row:
    if not shutil.which("gcc"):
        raise NotRunError("there is no C compiler")
    environment, app = prepared(place, "nuitka")
    folder = folder_of(place, name)
    standalone = name.endswith("standalone")
    mode = ["--mode=standalone"] if standalone else []
    options = ["--output-dir=.", "--assume-yes-for-downloads", "--jobs=2", *mode]
    build = [environment.bin / "python", "-m", "nuitka", *options, app]
    tool(build, BUILD_SECONDS, "it does not build", cwd=folder)
    program = folder / ("app.dist/app.bin" if standalone else "app.bin")
    return check_program(place, name, environment.version("nuitka"), [program], own=not standalone)


def packed(place: Place, name: str) -> Row:
    """Pack the program and all that it needs into one file: zipapp (pure Python), shiv, pex."""
    environment, app = prepared(place, *(() if name == "zipapp" else (name,)))
    folder = folder_of(place, name)
    target = folder / "app.pyz"
    if name == "zipapp":
        (folder / "app").mkdir()
        shutil.copy(app, folder / "app" / "app.py")
        # pyzmq and msgpack are compiled and cannot be in it: those of the environment are used.
        build = ["-m", "zipapp", folder / "app", "-m", "app:main", "-o", target]
    else:
        (folder / "setup.py").write_text(
            "from setuptools import setup\nsetup(name='app', version='1', py_modules=['app'])\n"
        )
        shutil.copy(app, folder / "app.py")
        source = place.folder / "runs" / "source"
        entry = ["-e", "app:main", "-o", target, folder, source]
        build = ["-m", name, *entry]
    tool([environment.bin / "python", *build], BUILD_SECONDS, "it does not build", cwd=folder)
    version = "3" if name == "zipapp" else environment.version(name)
    return check_program(place, name, version, [environment.bin / "python", target], own=True)


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def check_server(
    place: Place,
    name: str,
    version: str,
    command: Callable[[str, Run], Sequence[str | Path]],
    owner: int | None = None,
) -> Row:
    """Ask a server that embeds Python for one page, with HEADWAY=off and without."""
    wrong: list[str] = []
    bodies: list[bytes | None] = []
    seconds: list[float] = []
    seen = "nothing"
    for off in (True, False):
        address = _free_address()
        with place.run(BARE, owner) as run:
            environ = {**run.environ, **({"HEADWAY": "off"} if off else {})}
            log = (run.folder / "log").open("w+b")
            words = [str(word) for word in command(address, run)]
            options = {} if owner is None else {"user": owner, "group": owner}
            server = subprocess.Popen(
                words, env=environ, stdout=log, stderr=log, start_new_session=True, **options
            )
            begun = time.monotonic()
            try:
                bodies.append(_asked(f"http://{address}/", server))
                seconds.append(time.monotonic() - begun)
                if not off:
                    seen = told(run.ended(of_ours))
                    began = brokers(run)
                    if any("python" not in Path(each).name for each in began):
                        wrong.append(f"a broker was started by {began}")
                    if seen != f"completed {COUNT}":
                        wrong.append(f"seen {seen}; brokers {began}")
            finally:
                _end(server)
            if bodies[-1] != b"done":
                log.seek(0)
                wrong.append(f"answered {bodies[-1]!r}: {log.read()[-500:]!r}")
            log.close()
    return Row(
        name,
        version,
        f"in a request: {seen}",
        bodies[0] == bodies[1],
        None,
        tuple(seconds),
        tuple(wrong),
    )


def _asked(url: str, server: subprocess.Popen[bytes]) -> bytes | None:
    until = time.monotonic() + RUN_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=RUN_SECONDS) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.1)
    return None


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, 9)
        server.wait()


def uwsgi(place: Place, name: str) -> Row:
    """Take the program that pip builds, or the distribution's with its plugin."""
    program, options = place.folder / "uwsgi", ["--enable-threads", "--need-app"]
    if name == "uwsgi":
        if not shutil.which("gcc"):
            raise NotRunError("there is no C compiler")
        environment, _ = prepared(place, "uwsgi")
        # As packages of distributions have it: no command on PATH, the program elsewhere.
        shutil.copy(environment.bin / "uwsgi", program)
        version = environment.version("uwsgi")
    else:
        program = Path("/usr/bin/uwsgi-core")
        if not program.exists():
            raise NotRunError("uwsgi-core is not installed")
        environment = place.environment("debian", "/usr/bin/python3", with_headway=True)
        options = ["--plugin", "python3", *options]
        version = subprocess.check_output([program, "--version"], text=True).strip()
    request = place.folder / "request.py"
    request.write_text(REQUEST)

    def command(address: str, _run: Run) -> list[str | Path]:
        virtual = ["--virtualenv", environment.folder, "--wsgi-file", request]
        return [program, *options, "--http-socket", address, *virtual]

    return check_server(place, name, version, command)


def mod_wsgi(place: Place, name: str) -> Row:
    """Take Debian's apache2, in the main interpreter or in one of the application's own."""
    if not Path("/usr/lib/apache2/modules/mod_wsgi.so").exists():
        raise NotRunError("libapache2-mod-wsgi-py3 is not installed")
    environment = place.environment("debian", "/usr/bin/python3", with_headway=True)
    request = place.folder / "request.py"
    request.write_text(REQUEST)
    owner = pwd.getpwnam("www-data").pw_uid if os.getuid() == 0 else None
    group = "" if name.endswith("own") else " application-group=%{GLOBAL}"

    def command(address: str, run: Run) -> list[str | Path]:
        at = run.folder / "tmp"
        modules = "/usr/lib/apache2/modules"
        daemon = "WSGIDaemonProcess app processes=1 threads=2"
        (run.folder / "apache.conf").write_text(
            f"""\
ServerRoot {at}
ServerName localhost
Listen {address}
PidFile {at}/pid
ErrorLog {at}/error.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule wsgi_module {modules}/mod_wsgi.so
WSGISocketPrefix {at}/wsgi
{daemon} python-home={environment.folder}
WSGIScriptAlias / {request} process-group=app{group}
<Directory {place.folder}>
  Require all granted
</Directory>
"""
        )
        return ["/usr/sbin/apache2", "-d", at, "-f", run.folder / "apache.conf", "-DFOREGROUND"]

    asked = ["dpkg-query", "-W", "-f", "${Version}", "libapache2-mod-wsgi-py3"]
    version = subprocess.check_output(asked, text=True)
    return check_server(place, name, version, command, owner)


CASES: dict[str, Callable[[Place, str], Row]] = {
    "pyinstaller-onedir": pyinstaller,
    "pyinstaller-onefile": pyinstaller,
    "cx_Freeze": cx_freeze,
    "nuitka": nuitka,
    "nuitka-standalone": nuitka,
    "zipapp": packed,
    "shiv": packed,
    "pex": packed,
    "uwsgi": uwsgi,
    "uwsgi-debian": uwsgi,
    "mod_wsgi": mod_wsgi,
    "mod_wsgi-own": mod_wsgi,
}
