"""A real nats-server on the loopback interface, with a directory of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from machine import until

SERVER = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/sbin")


class NatsServer:
    """Started at once; `kill` and `start` bring it down and back with what it has stored."""

    def __init__(self, config="", *, jetstream=True):
        self.folder = tempfile.mkdtemp(prefix="nats", dir="/tmp")
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self.process = None
        path = os.path.join(self.folder, "server.conf")
        with open(path, "w") as file:
            file.write(f'listen: "127.0.0.1:{self.port}"\n{config}\n')
            if jetstream:
                file.write(f'jetstream {{ store_dir: "{self.folder}/store" }}\n')
        self._path = path
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        self.process = subprocess.Popen(
            [SERVER, "-c", self._path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self.answers, "nats-server")

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        self.kill()
        shutil.rmtree(self.folder)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
