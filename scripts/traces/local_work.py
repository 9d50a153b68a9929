"""Work for processor and disk: images, a database, packages, archives, a build."""

from __future__ import annotations

import ast
import hashlib
import random
import site
import sqlite3
import subprocess
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

from traces.recorder import Recorder

LIBRARIES = Path(site.getsitepackages()[0])


def img(run: int, rng: random.Random, folder: Path) -> Recorder:
    import numpy as np  # noqa: PLC0415 - only this kind needs it

    del folder
    count, side = rng.choice([20, 40, 60]), rng.choice([400, 700, 1000])
    recorder = Recorder("img-batch", ["make", "resize", "encode", "hash"], f"n={count} side={side}")
    images, small, encoded = [], [], []

    def make(i: int) -> None:
        shape = (side + i * 5, side, 3)
        images.append(np.random.default_rng(i).integers(0, 255, shape, dtype=np.uint8))

    def resize(i: int) -> None:
        image = images[i].astype(float)
        for colour in range(3):
            image[:, :, colour] = np.apply_along_axis(
                lambda line: np.convolve(line, np.ones(5) / 5, "same"), 0, image[:, :, colour]
            )
        small.append(image[::2, ::2].astype(np.uint8))

    def encode(i: int) -> None:
        encoded.append(zlib.compress(small[i].tobytes() + images[i].tobytes()[:400000], 9))

    recorder.run_items("make", range(count), "image", make)
    recorder.run_items("resize", range(count), "image", resize)
    recorder.run_items("encode", range(count), "image", encode, total=run % 2 == 0)
    recorder.run_opaque(
        "hash", lambda: [hashlib.pbkdf2_hmac("sha256", one[:100], b"x", 3000) for one in encoded]
    )
    return recorder


def sql(run: int, rng: random.Random, folder: Path) -> Recorder:
    del run
    count = rng.choice([150000, 300000, 500000])
    recorder = Recorder(
        "sql-migrate", ["dump", "copy", "index", "convert", "vacuum", "check"], f"n={count}"
    )
    base = sqlite3.connect(folder / "base.db")
    base.execute("create table a(id integer primary key, k text, v real)")
    base.execute("create table b(id integer primary key, k text, v real, w text)")
    parts = [range(i, min(count, i + 10000)) for i in range(0, count, 10000)]

    def rows(stage: str, work: Callable[[range], None], total: int | None) -> None:
        done = 0
        recorder.report(stage, 0, total, "row", "start")
        for part in parts:
            work(part)
            done += len(part)
            recorder.report(stage, done, total, "row", "run")
        base.commit()
        recorder.report(stage, done, total, "row", "done")

    def dump(part: range) -> None:
        made = [(i, hashlib.md5(str(i).encode()).hexdigest(), i * 0.5) for i in part]
        base.executemany("insert into a values(?, ?, ?)", made)

    def copy(part: range) -> None:
        base.execute(
            "insert into b select id, k, v, substr(k, 1, 8) || id from a where id between ? and ?",
            (part[0], part[-1]),
        )

    def convert(part: range) -> None:
        found = base.execute(
            "select k, id from b where id between ? and ?", (part[0], part[-1])
        ).fetchall()
        for key, number in found:
            base.execute("update b set w = ? where id = ?", (key[::-1], number))

    def index() -> None:
        base.execute("create index bk on b(k)")
        base.execute("create index bw on b(w)")
        base.commit()

    rows("dump", dump, count)
    rows("copy", copy, count)
    recorder.run_opaque("index", index)
    rows("convert", convert, None)
    recorder.run_opaque("vacuum", lambda: base.execute("vacuum"))
    recorder.run_opaque("check", lambda: base.execute("pragma integrity_check").fetchall())
    return recorder


def packages(rng: random.Random, most: int) -> list[Path]:
    found = sorted(path for path in LIBRARIES.iterdir() if path.is_dir())
    return rng.sample(found, min(len(found), most))


def wheel(run: int, rng: random.Random, folder: Path) -> Recorder:
    del run, folder
    chosen = packages(rng, rng.choice([20, 35, 50]))
    recorder = Recorder("wheel-audit", ["scan", "hash", "parse", "report"], "")
    recorder.report("scan", 0, None, "file", "start")
    files = sorted(file for package in chosen for file in package.rglob("*.py"))
    recorder.report("scan", len(files), None, "file", "done")
    nodes = []
    recorder.run_items(
        "hash", files, "file", lambda f: [hashlib.sha256(f.read_bytes()) for _ in range(6)]
    )
    recorder.run_items(
        "parse",
        files,
        "file",
        lambda f: nodes.append(sum(1 for _ in ast.walk(ast.parse(f.read_bytes())))),
    )
    recorder.run_opaque(
        "report", lambda: [hashlib.sha512(str(n).encode() * 200) for n in nodes for _ in range(3)]
    )
    return recorder


def zipped(run: int, rng: random.Random, folder: Path) -> Recorder:
    del run
    chosen = packages(rng, rng.choice([25, 40, 60]))
    files = sorted(f for package in chosen for f in package.rglob("*") if f.is_file())
    whole, level = sum(f.stat().st_size for f in files), rng.choice([1, 6, 9])
    recorder = Recorder(
        "zip-repack",
        ["pack", "test", "unpack", "compare"],
        f"files={len(files)} level={level}",
    )
    recorder.report("pack", 0, whole, "B", "start")
    done = 0
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=level) as out:
        for number, file in enumerate(files):
            out.write(file, f"{number}/{file.name}")
            done += file.stat().st_size
            recorder.report("pack", done, whole, "B", "run")
    recorder.report("pack", done, whole, "B", "done")
    with zipfile.ZipFile(folder / "a.zip") as made:
        recorder.run_opaque("test", made.testzip)
        recorder.run_items(
            "unpack", made.namelist(), "file", lambda n: made.extract(n, folder / "x")
        )
    recorder.run_items(
        "compare",
        enumerate(files),
        "file",
        lambda one: one[1].read_bytes() == (folder / "x" / str(one[0]) / one[1].name).read_bytes(),
        total=False,
    )
    return recorder


BODY = """{{int s=0;for(int i=0;i<x;i++){{s+=i*{k}^x;if(s%7==3)s-=x;
switch(i%5){{case 0:s++;break;case 1:s^=3;break;default:s-=2;}}}}return s;}}"""


def nested(run: int, rng: random.Random, folder: Path) -> Recorder:
    del run
    modules = {name: rng.randint(4, 9) for name in ("core", "net", "ui", "db")}
    level = rng.choice(["-O1", "-O2", "-O3"])
    recorder = Recorder("nested-build", ["compile", "link", "test"], f"{level} {modules}")
    names = [f"{module}{i}" for module, count in modules.items() for i in range(count)]
    for name in names:
        functions = 120 + (int(name[-1]) * 37) % 60
        text = "".join(f"int {name}_{k}(int x)" + BODY.format(k=k) for k in range(functions))
        calls = "+".join(f"{name}_{k}(x)" for k in range(100))
        (folder / f"{name}.c").write_text(f"{text}int {name}(int x){{return {calls};}}\n")
    heads = "".join(f"int {name}(int);" for name in names)
    calls = "".join(f"s+={name}(j%40);" for name in names)
    (folder / "main.c").write_text(
        f"#include <stdio.h>\n#include <stdlib.h>\n{heads}int main(int c,char**v){{"
        f'int s=0;for(int j=0;j<atoi(v[1]);j++){{{calls}}}printf("%d",s);}}\n'
    )

    def gcc(*words: str) -> None:
        subprocess.run(["gcc", *words], check=True, cwd=folder)

    def built(module: str) -> None:
        recorder.run_items(
            f"compile {module}",
            range(modules[module]),
            "file",
            lambda i: gcc(level, "-c", f"{module}{i}.c"),
            parent="compile",
        )

    def tested(module: str) -> None:
        recorder.run_items(
            f"test {module}",
            range(6),
            "case",
            lambda i: subprocess.run(
                [folder / "prog", str(400 * (i + 1))], stdout=subprocess.DEVNULL, check=True
            ),
            parent="test",
        )

    for group, work in (("compile", built), ("test", tested)):
        recorder.report(group, 0, None, "", "start")
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, modules))
        recorder.report(group, 0, None, "", "done")
        if group == "compile":
            objects = [f"{name}.o" for name in names]
            recorder.run_opaque("link", lambda o=objects: gcc(*o, "main.c", "-o", "prog"))
    return recorder
