"""usage: scripts/record-traces KIND RUN [FOLDER]; the kinds stand in `KINDS`."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

from traces import downloads, irregular, local_work, loops

FOLDER = Path(__file__).resolve().parent.parent.parent / "tests" / "recordings" / "eta"

KINDS = {
    "img": local_work.img,
    "sql": local_work.sql,
    "wheel": local_work.wheel,
    "zip": local_work.zipped,
    "nested": local_work.nested,
    "retry": downloads.retry,
    "resume": downloads.resume,
    "long": downloads.long,
    "shuffled": loops.shuffled,
    "epochs": loops.epochs,
    "beside": loops.epochs_beside,
    "patient": loops.patient,
    "locked": irregular.locked,
    "cached": irregular.cached,
    "stopping": irregular.stopping,
    "passes": irregular.passes,
    "ranks": irregular.ranks,
    "matrix": irregular.matrix,
}


def load_processor() -> None:
    """Load a processor for eight seconds, as other programs of a machine do."""
    until = time.monotonic() + 8
    while time.monotonic() < until:
        sum(range(2000))


def main(words: list[str]) -> None:
    if len(words) not in {2, 3} or words[0] not in KINDS:
        sys.exit(__doc__)
    kind, run = words[0], int(words[1])
    out = Path(words[2]) if len(words) == 3 else FOLDER
    rng = random.Random(f"{kind}{run}")
    folder = Path(tempfile.mkdtemp(prefix="headway-trace-"))
    try:
        if rng.random() < 0.25:
            threading.Thread(target=load_processor, daemon=True).start()
        recorder = KINDS[kind](run, rng, folder)
        recorder.write(out / recorder.operation / f"{run}.jsonl")
        print(recorder.operation, run, f"{recorder.lines[-1]['t']:.1f} s")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
