"""A second user of this machine, made as root for a test and removed after it."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
import tempfile

from machine import ROOT, until

ROOMS = [os.path.join(ROOT, room) for room in ("sdk", "broker", "viewer")]


def reason_against():
    """Why there can be no second user here, or None."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "needs root on Linux, to make a second user"
    if shutil.which("useradd") is None or shutil.which("sudo") is None:
        return "needs useradd and sudo"
    if not os.access(ROOT, os.X_OK) or os.stat(ROOT).st_mode & 0o5 != 0o5:
        return "this checkout is not readable by other users"
    return None


class Account:
    """A user with a home, who may use sudo, and an interpreter that has the project."""

    def __init__(self, name):
        self.name = name
        until(self._added, f"the user {name}")
        found = pwd.getpwnam(name)
        self.uid, self.gid, self.home = found.pw_uid, found.pw_gid, found.pw_dir
        self.folder = tempfile.mkdtemp(prefix="hwp", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self._mounted = []
        self.python = self._interpreter()
        self._rule = f"/etc/sudoers.d/{name}"
        with open(self._rule, "w") as file:
            file.write(f"{name} ALL=(ALL) NOPASSWD: SETENV: ALL\n")
        os.chmod(self._rule, 0o440)

    def _added(self):
        # The lowest free uid may have been another test's a moment ago, and its processes' still.
        uid = str(random.randrange(20_000, 59_000))
        argv = ["useradd", "--create-home", "--shell", "/bin/sh", "--uid", uid, self.name]
        return subprocess.run(argv, check=False, capture_output=True).returncode == 0

    def close(self):
        """Remove everything."""
        os.unlink(self._rule)
        self.end_all()
        for folder in self._mounted:
            subprocess.run(["umount", "--lazy", folder], check=False)
        subprocess.run(["userdel", "--remove", self.name], check=False, capture_output=True)
        for folder in (f"/tmp/headway-{self.uid}", f"/run/user/{self.uid}", self.folder):
            shutil.rmtree(folder, ignore_errors=True)

    def end_all(self):
        """Kill every process of this user."""
        until(self._deserted, f"the end of all processes of {self.name}")

    def _deserted(self):
        pids = list(self.processes())
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids

    def processes(self):
        """The pids of this user's processes that live."""
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and os.stat(f"/proc/{name}").st_uid == self.uid:
                    with open(f"/proc/{name}/stat", "rb") as file:
                        if file.read().rsplit(b")", 1)[1].split()[0] != b"Z":
                            yield int(name)
            except OSError:
                continue

    def run(self, *argv, timeout=40, **environ):
        """Run a command as this user, as a login would; (exit status, output, complaints)."""
        done = subprocess.run(
            argv,
            env=self.environ(**environ),
            preexec_fn=self._become,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def start(self, *argv, **environ):
        """Start a command as this user."""
        return subprocess.Popen(
            argv,
            env=self.environ(**environ),
            preexec_fn=self._become,  # noqa: PLW1509 - 3.8 has no user=
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def environ(self, **more):
        """What a login sets, and where the project's modules are."""
        return {
            "HOME": self.home,
            "USER": self.name,
            "LOGNAME": self.name,
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            **self.modules,
            **more,
        }

    def sudo(self, **environ):
        """The beginning of a command that this user types, to run the rest as root."""
        kept = {**self.modules, **environ}
        return ("sudo", *(f"{name}={value}" for name, value in kept.items()))

    def _become(self):
        os.initgroups(self.name, self.gid)
        os.setgid(self.gid)
        os.setuid(self.uid)

    def _interpreter(self):
        # The interpreter of this test may be in root's home: other users get it elsewhere.
        site = next(path for path in sys.path if path.endswith("site-packages"))
        folders = {"base": sys.base_prefix, "site": site}
        for name, source in folders.items():
            target = os.path.join(self.folder, name)
            os.mkdir(target)
            subprocess.run(["mount", "--bind", source, target], check=True)
            self._mounted.append(target)
        self.modules = {
            "PYTHONPATH": os.pathsep.join([*ROOMS, os.path.join(self.folder, "site")]),
            "LD_LIBRARY_PATH": os.path.join(self.folder, "base", "lib"),
        }
        return os.path.join(self.folder, "base", "bin", "python{}.{}".format(*sys.version_info[:2]))
