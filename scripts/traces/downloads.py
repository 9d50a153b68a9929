"""Work for the network: downloads from a slow server on the loopback that may break off."""

from __future__ import annotations

import hashlib
import http.server
import itertools
import os
import random
import threading
import time
import urllib.request
import zlib
from pathlib import Path
from typing import Any

from traces.recorder import Recorder


def serve(
    size: int, rate: float, breaks_at: float | None = None
) -> http.server.ThreadingHTTPServer:
    """Start a server of a limited rate; it breaks one connection after `breaks_at` bytes."""
    block, broken = os.urandom(1 << 16), []

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            sent = int(self.headers["Range"].split("=")[1].split("-")[0])
            self.send_response(206)
            self.send_header("Content-Length", str(size - sent))
            self.end_headers()
            rng, pace = random.Random(sent), 1.0
            try:
                while sent < size:
                    part = block[: size - sent]
                    self.wfile.write(part)
                    sent += len(part)
                    if rng.random() < 0.004:
                        pace = rng.choice([0.5, 0.8, 1.0, 1.0, 1.3])
                    time.sleep(len(part) / (rate * pace))
                    if breaks_at and sent >= breaks_at and not broken:
                        broken.append(sent)
                        self.connection.close()
                        return
            except OSError:
                pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def fetch(
    recorder: Recorder,
    stage: str,
    server: http.server.ThreadingHTTPServer,
    path: Path,
    size: int,
    *,
    have: int = 0,
) -> None:
    """Download; after a break, resume a second later."""
    done = have
    with path.open("wb") as out:
        for attempt in itertools.count(1):
            more = {"attempt": attempt} if attempt > 1 else {}
            recorder.report(stage, done, size, "B", "start", **more)
            request = urllib.request.Request(
                f"http://127.0.0.1:{server.server_port}/", headers={"Range": f"bytes={done}-"}
            )
            try:
                with urllib.request.urlopen(request) as answer:
                    while part := answer.read(1 << 15):
                        out.write(part)
                        done += len(part)
                        recorder.report(stage, done, size, "B", "run", **more)
            except OSError:
                pass
            if done >= size:
                recorder.report(stage, done, size, "B", "done", **more)
                break
            recorder.report(stage, done, size, "B", "failed", **more)
            time.sleep(1.0)
    server.shutdown()


def retry(run: int, rng: random.Random, folder: Path) -> Recorder:
    del run
    size, rate = rng.choice([15, 25, 40]) * 1000000, rng.choice([1e6, 2e6, 3e6])
    breaks = rng.random() < 0.6
    recorder = Recorder(
        "retry-fetch",
        ["resolve", "download", "verify", "unpack"],
        f"{size} {rate:g} fail={breaks}",
    )
    recorder.run_opaque("resolve", lambda: time.sleep(rng.uniform(0.2, 0.8)))
    server = serve(size, rate, size * rng.uniform(0.3, 0.7) if breaks else None)
    fetch(recorder, "download", server, folder / "file", size)
    data = (folder / "file").read_bytes()
    recorder.run_items("verify", range(40), "block", lambda _: hashlib.sha512(data[: size // 4]))
    recorder.run_opaque("unpack", lambda: zlib.compress(data[: size // 3], 6))
    return recorder


def resume(run: int, rng: random.Random, folder: Path) -> Recorder:
    size, rate = rng.choice([20, 30]) * 1000000, rng.choice([1.5e6, 2.5e6])
    have = 0 if run in {0, 2} else int(size * rng.uniform(0.4, 0.8))
    recorder = Recorder(
        "resume-fetch", ["resolve", "download", "verify"], f"{size} {rate:g} have={have}"
    )
    recorder.run_opaque("resolve", lambda: time.sleep(rng.uniform(0.2, 0.8)))
    fetch(recorder, "download", serve(size, rate), folder / "file", size, have=have)
    data = os.urandom(1 << 20)
    recorder.run_items(
        "verify", range(40), "block", lambda _: [hashlib.sha512(data) for _ in range(8)]
    )
    return recorder


def long(run: int, rng: random.Random, folder: Path) -> Recorder:
    del run
    size, rate = rng.choice([60, 70, 90]) * 1000000, rng.choice([1.1e5, 1.3e5, 1.6e5])
    parts = [int(size * share) for share in (0.2, 0.5, 0.3)]
    plan = ["index", "part 1", "part 2", "part 3", "verify", "pack"]
    recorder = Recorder("long-mirror", plan, f"{size} {rate:g}")
    recorder.run_items("index", range(30), "page", lambda _: time.sleep(rng.uniform(0.05, 0.5)))
    for number, part in enumerate(parts, 1):
        server = serve(part, rate * rng.uniform(0.8, 1.2))
        fetch(recorder, f"part {number}", server, folder / str(number), part)
    data = (folder / "2").read_bytes()

    def verify(_: int) -> None:
        hashlib.sha512(data[:2000000])
        time.sleep(0.05)

    recorder.run_items("verify", range(300), "block", verify)
    recorder.run_opaque(
        "pack", lambda: [zlib.compress((folder / str(n)).read_bytes(), 9) for n in (1, 2, 3)]
    )
    return recorder
