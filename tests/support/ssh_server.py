"""A real sshd on the loopback interface: the test's user, one key, a directory of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile

from machine import until

SERVER = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/sbin")
CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
"""


class SshServer:
    """Started at once; `options` are what ssh is told to reach it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ssh", dir="/tmp")
        for name in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.folder}/{name}"]
            subprocess.run(command, check=True)
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        with open(f"{self.folder}/config", "w") as file:
            file.write(CONFIG.format(port=self.port, folder=self.folder))
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", 0o755, exist_ok=True)  # where its service would make it
        self.process = subprocess.Popen(
            [SERVER, "-D", "-e", "-f", f"{self.folder}/config"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self.answers, "sshd")
        self.options = [
            *("-F", "none", "-p", str(self.port), "-i", f"{self.folder}/user"),
            *("-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"),
            *("-o", f"UserKnownHostsFile={self.folder}/known"),
        ]

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)
