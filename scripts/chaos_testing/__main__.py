"""`scripts/chaos --minutes N --seed S`: let chaos reign, then judge."""

from __future__ import annotations

import argparse
import os
import random
import sys
import threading
import time
from typing import Any

from chaos_testing import checker
from chaos_testing.checker import Fates, Run, Verdict
from chaos_testing.fault_injection import Mischief
from chaos_testing.journal import Life
from chaos_testing.observer import OPEN, Survivor
from chaos_testing.sandbox import Arena, memory

KINDS = (
    ("steady", 10), ("short", 6), ("patient", 3), ("crowd", 3), ("event_loop", 3),
    ("forker", 5), ("burst", 2), ("dropper", 1), ("run", 4),
)  # fmt: skip
VIEWERS = (
    ("view", "--display", "json"),
    ("view", "--display", "plain"),
    ("view", "--display", "json", "--until-done"),
    ("wait",),
    ("ps",),
    ("ps", "--json"),
)
TURN = 0.02  # seconds
SETTLING = 45.0  # seconds at most for all ends to arrive when the faults are over


class Chaos:
    """The population of an arena, kept at its number while faults are done to it."""

    def __init__(self, arena: Arena, options: argparse.Namespace) -> None:
        self.arena = arena
        self.options = options
        self.dice = random.Random(options.seed)
        self.fates = Fates()
        self.mischief = Mischief(arena, self.dice, self.fates)
        self.mischief.launch = self.start_worker
        self.workers: list[Any] = []
        self.viewers: list[Any] = []
        self.runs: dict[Any, Run] = {}
        self.started = 0
        self.brokers: dict[int, int] = {}  # pid → the most memory it held
        self.exits: dict[Any, float] = {}  # process → when it was gone
        self._looked = 0.0
        threading.Thread(target=self._watch_exits, daemon=True).start()

    def start_worker(self, kind: str) -> None:
        """Start a worker of a kind."""
        self.started += 1
        if kind == "run":
            self._start_run(f"run {self.started}")
            return
        seed = f"{self.options.seed}-{self.started}"
        self.workers.append(self.arena.python("-m", "chaos_testing.worker", kind, seed))

    def _start_run(self, name: str) -> None:
        pause, status = self.dice.random(), self.dice.choice((0, 0, 0, 7))
        script = f"for i in 1 2 3; do echo line $i; sleep {pause:.2f}; done; exit {status}"
        process = self.arena.headway("run", "--name", name, "--", "sh", "-c", script)
        self.workers.append(process)
        self.runs[process] = Run(name, process.pid, time.monotonic())

    def _watch_exits(self) -> None:
        # On a thread of its own, for starting processes takes the other one its time.
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while True:
            time.sleep(0.01)
            for process in list(self.workers):
                try:
                    if process not in self.exits and os.waitid(os.P_PID, process.pid, look):
                        self.exits[process] = time.monotonic()
                except ChildProcessError:
                    continue

    def reign(self) -> None:
        """Faults, for as long as was asked."""
        kinds, weights = zip(*KINDS)
        until = time.monotonic() + 60 * self.options.minutes
        next_fault = time.monotonic() + 2.0
        next_start = 0.0
        while time.monotonic() < until:
            now = time.monotonic()
            if now >= next_start:
                # Not all at once: starting an interpreter is the most expensive of it all.
                next_start = now + 0.1
                if len(self.workers) < self.options.workers:
                    self.start_worker(self.dice.choices(kinds, weights)[0])
                if len(self.viewers) < self.options.viewers:
                    self.viewers.append(self.arena.headway(*self.dice.choice(VIEWERS)))
            if now >= next_fault:
                next_fault = now + self.dice.expovariate(self.options.rate)
                self.mischief.one()
            self.turn()

    def turn(self) -> None:
        """Wait a moment, and look who is still there."""
        time.sleep(TURN)
        now = time.monotonic()
        for process in list(self.workers):
            status = process.poll()
            if status is not None:
                self.workers.remove(process)
                gone = self.exits.pop(process, now)
                self.fates.exit(process.pid, gone, status)
                self.arena.note(f"exit {process.pid} with {status} at {gone:.3f}")
                if process in self.runs:
                    self.runs[process].status = status
                    self.runs[process].ended = gone
        self.viewers = [process for process in self.viewers if process.poll() is None]
        self.mischief.tick()
        if now - self._looked > 0.2:
            self._looked = now
            self.mischief.workers = self._reporting()
            self.mischief.viewers = [process.pid for process in self.viewers]
            broker = self.arena.broker()
            if broker is not None:
                self.brokers[broker] = max(self.brokers.get(broker, 0), memory(broker))

    def _reporting(self) -> list[int]:
        # By their journals, for some are forked children of others.
        pids = {int(name.split("-")[0]) for name in os.listdir(self.arena.journals)}
        pids.update(process.pid for process in self.workers)
        return sorted(pid for pid in pids if os.path.exists(f"/proc/{pid}"))

    def settle(self, survivor: Survivor) -> None:
        """No more faults: let everybody end, and every end arrive."""
        self.mischief.finish()
        until = time.monotonic() + SETTLING
        while time.monotonic() < until and self.workers:
            self.turn()
        for process in self.workers:
            self.fates.kill(process.pid, time.monotonic())
            process.kill()
            self.fates.exit(process.pid, time.monotonic() + 1.0, process.wait())
        self.workers = []
        while time.monotonic() < until + 15:
            listing = self.arena.ask("ps", "--json")
            if listing and not any(one["state"] in OPEN for one in listing["operations"]):
                break
            self.turn()
        survivor.quiet(2.0, 15.0)


def judge(chaos: Chaos, survivor: Survivor) -> tuple[Verdict, Verdict, list[Life]]:
    """What the survivor and a fresh viewer show, against the journals."""
    fresh = chaos.arena.ask("ps", "--json") or {"operations": []}
    lives = checker.read_journals(chaos.arena.journals)
    outages, full = chaos.mischief.outages, chaos.mischief.full
    seen = {operation["id"]: operation for operation in fresh["operations"]}
    found = []
    for shown, everything in ((survivor.shown, True), (seen, len(seen) < 500)):
        one = checker.judge(lives, chaos.fates, outages, full, shown, everything=everything)
        runs = list(chaos.runs.values())
        checker.judge_runs(one, runs, outages, full, shown, everything=everything)
        found.append(one)
    return found[0], found[1], lives


def report(
    chaos: Chaos,
    survivor: Survivor,
    by_survivor: Verdict,
    by_fresh: Verdict,
    lives: list[Life],
    status: Any,
) -> int:
    """Print the figures; 1 if anything was lost or false, 0 otherwise."""
    options = chaos.options
    print(f"chaos: {options.minutes:g} min, seed {options.seed}, {options.workers} workers and "
          f"{options.viewers} viewers at a time, {options.rate:g} faults a second")  # fmt: skip
    print("faults injected")
    for name, count in sorted(chaos.mischief.done.items(), key=lambda item: -item[1]):
        print(f"  {count:5}  {name}")
    for name in sorted(chaos.mischief.left_out):
        print(f"   none  {name}")
    print(
        f"processes        {len(lives)} reporting, {len(chaos.runs)} × headway run, "
        f"{len(chaos.brokers)} brokers"
    )
    ends = ", ".join(f"{count} {state}" for state, count in by_survivor.ends.most_common())
    print(f"operations       {by_survivor.operations}: {ends}")
    print(f"in doubt         {by_survivor.doubtful} ended in a process that was killed before it "
          f"could say so; {by_survivor.unseen} were never heard of")  # fmt: skip
    if by_survivor.homeless or by_fresh.homeless:
        homeless = max(by_survivor.homeless, by_fresh.homeless)
        print(f"nowhere to leave {homeless} ended with the runtime disk full and no answer of the "
              "broker within a second")  # fmt: skip
    lost = sorted(set(by_survivor.lost + by_fresh.lost))
    false = sorted(set(by_survivor.false + by_fresh.false))
    short = sorted(set(by_survivor.shares_short + by_fresh.shares_short))
    wrong_progress = survivor.false_progress
    print(f"final states lost   {len(lost)}")
    print(f"false states        {len(false) + len(wrong_progress)}")
    print(f"ends taken back     {len(survivor.taken_back)}")
    print(f"shares short        {len(short)}")
    worst, calls, ended = checker.delays(lives, chaos.fates)
    if worst is not None:
        print(f"worker delay     at most {worst.blocked * 1000:.1f} ms held up in one of {calls} "
              f"calls ({worst.blocked_in}, {worst.kind}, pid {worst.pid})")  # fmt: skip
    if ended:
        slowest = max(ended, key=lambda life: life.parting - life.starved)
        usual = sorted(life.parting for life in ended)[len(ended) // 2]
        print(f"exit delay       at most {slowest.parting - slowest.starved:.2f} s "
              f"({slowest.kind}, pid {slowest.pid}); on this machine it took "
              f"{max(life.parting for life in ended):.2f} s at most, typically "
              f"{usual:.3f} s")  # fmt: skip
    print(f"load average     {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"broker memory    {max(chaos.brokers.values(), default=0) / 1e6:.1f} MB at its peak")
    print(f"survivor         {survivor.lines} lines, {survivor.snapshots} snapshots, "
          f"{survivor.gaps} gaps, {'alive' if survivor.alive() else 'DEAD'}")  # fmt: skip
    if status:
        dropped = ", ".join(f"{count} {why}" for why, count in status["dropped"].items())
        print(f"last broker      dropped: {dropped or 'nothing'}")
    for title, found in (("lost", lost), ("false", false), ("shares", short)):
        for line in found[:20]:
            print(f"{title}: {line}")
    for identity in sorted(wrong_progress)[:20]:
        print(f"false: {identity} was shown with a progress of 1 that it had not")
    for identity, before, after in survivor.taken_back[:20]:
        print(f"taken back: {identity} was shown as {before}, then as {after}")
    tracebacks = _tracebacks(chaos.arena)
    print(f"tracebacks       {len(tracebacks)}")
    for lines in tracebacks[:3]:
        print("\n".join(lines))
    wrong = lost or false or short or wrong_progress or tracebacks
    return 1 if wrong or not survivor.alive() else 0


def _tracebacks(arena: Arena) -> list[list[str]]:
    """Every traceback that a process here has written to standard error."""
    found: list[list[str]] = []
    inside = False
    for line in arena.complaints():
        if line.startswith("Traceback "):
            found.append([])
            inside = True
        if inside:
            found[-1].append(line)
            inside = line.startswith(("Traceback ", " "))
    return found


def main(argv: list[str]) -> int:
    """Run chaos; exit status 1 if a final state was lost or false."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=24, help="at a time (%(default)s)")
    parser.add_argument("--viewers", type=int, default=8, help="at a time (%(default)s)")
    parser.add_argument("--rate", type=float, default=3.0, help="faults a second (%(default)s)")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="only faults with such a name")
    parser.add_argument("--keep", action="store_true", help="keep the arena's files")
    options = parser.parse_args(argv)
    if not sys.platform.startswith("linux"):
        print("chaos: needs Linux")
        return 2
    arena = Arena()
    try:
        chaos = Chaos(arena, options)
        survivor = Survivor(arena)
        chaos.mischief.running = survivor.running
        if options.only:
            chaos.mischief.only(options.only)
        chaos.reign()
        chaos.settle(survivor)
        status = arena.ask("broker", "status", "--json")
        result = report(chaos, survivor, *judge(chaos, survivor), status)
        survivor.close()
    finally:
        arena.close(keep=options.keep)
        if options.keep:
            print(f"kept in {arena.directory}")
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
