"""One stage as the estimate sees it while the operation runs."""

from __future__ import annotations

from headway.estimate.history.curve import Curve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.estimate.history.span import Pass

WORKING = frozenset({"running", "waiting"})
ENDED = frozenset({"completed", "failed", "skipped", "cancelled", "crashed", "ended"})
# Of its total: a count that has come so far and then falls begins another pass, because reports
# leave out the last counts. Below it the work was undone.
PASS_FULL = 0.9
# Of the last count: a count that falls below this has begun anew; one that falls less was mended.
# Without it fails `test_a_count_that_is_mended_a_little_begins_nothing_anew`.
FALLEN = 0.5
# Passes that are told apart: of a count that begins anew all the time, no single pass matters.
# A bound of memory: `test_of_a_count_that_begins_anew_all_the_time_few_passes_are_kept`.
PASSES_LIMIT = 15


class Stage:
    """A stage's newest values and the curve of its present attempt.

    `since` is when the present attempt began, `held` how long it has waited since then,
    `changed` after how many seconds of work `done` last moved, `steps` how often it has,
    `origin` the units that were there when the attempt began, `spent` the seconds of earlier
    rounds that succeeded.

    A count that begins anew once it has come to its total is in another pass: `passes` are the
    passes that are over, `passed` their units and `pass_began` the seconds of work before this
    one. `done` and `total` are of this pass, the curve of all of them. A count that begins anew
    before that was undone: its time was lost, and the clock starts again.

    `partial` is the share of the next unit that is done, where the units are the rounds of other
    stages; `rounds` sets it. Where they are operations that go on side by side, it is `beside`, the
    sum of the shares that are done of each.

    `foretold` is when it ends, where it is an operation that has a forecast of its own.
    """

    __slots__ = (
        "attempt",
        "began",
        "beside",
        "changed",
        "children",
        "curve",
        "done",
        "ended",
        "foretold",
        "held",
        "held_since",
        "key",
        "moved",
        "origin",
        "parent",
        "partial",
        "pass_began",
        "passed",
        "passes",
        "reached",
        "since",
        "spent",
        "state",
        "steps",
        "times",
        "total",
        "unit",
        "until",
    )

    def __init__(self, key: str, parent: Stage | None) -> None:
        self.key = key
        self.parent = parent
        self.children = 0
        self.state = "pending"
        self.done = 0.0
        self.origin = 0.0
        self.total = 0.0
        self.unit = ""
        self.moved = False
        self.attempt = 1
        self.times = 0
        self.began: float | None = None
        self.since = 0.0
        self.ended: float | None = None
        self.held = 0.0
        self.held_since: float | None = None
        self.spent = 0.0
        self.changed = 0.0
        self.until: float | None = None
        self.foretold: float | None = None
        self.beside = 0.0
        self.steps = 0
        self.curve: Curve | None = None
        self.passes: tuple[Pass, ...] = ()
        self.passed = 0.0
        self.pass_began = 0.0
        self.reached = False  # the count has come to its total in this pass
        self.partial = 0.0

    @property
    def units(self) -> float:
        """Return the units of all passes."""
        return self.passed + self.done

    def worked(self, now: float) -> float:
        """Return the seconds worked in the present attempt, or in the last one."""
        if self.began is None:
            return 0.0
        until = self.ended if self.ended is not None else now
        if self.held_since is not None:
            until = min(until, self.held_since)
        return max(0.0, until - self.since - self.held)

    def move(self, state: str, attempt: int, done: float, now: float) -> bool:
        """Take a state; return whether the shape of what is to come has changed."""
        was = self.state
        again = attempt > self.attempt and state in WORKING
        self.attempt = max(attempt, self.attempt)
        if state == was and not again:
            return False
        if state in WORKING and (was not in WORKING or again):
            self._begin(was, done, now)
        if was == "waiting" and state != "waiting" and self.held_since is not None:
            self.held += max(0.0, now - self.held_since)
            self.held_since = None
            self.until = None
        if state == "waiting" and was != "waiting":
            self.held_since = now
        if state in ENDED and was not in ENDED:
            self.ended = now
        self.state = state
        return True

    def _begin(self, was: str, done: float, now: float) -> None:
        if self.began is not None and was != "completed" and 0 < self.done <= done:
            # A retry that goes on where the last attempt ended: the time between was no work.
            until = self.ended if self.ended is not None else now
            if self.held_since is not None:
                until = min(until, self.held_since)
                self.held_since = None
            self.held += max(0.0, now - until)
            self.ended = None
            return
        if was == "completed":
            self.spent += self.worked(now)
        self.times += 1
        if self.began is None:
            self.began = now
        self.ended = None
        self.held_since = None
        self._restart(done, now)

    def _restart(self, done: float, now: float) -> None:
        """Begin the present attempt now, at `done` units."""
        self.since = now
        self.held = 0.0
        self.changed = 0.0
        self.steps = 0
        self.origin = done
        self.curve = None  # until it counts: many never do
        self.passes = ()
        self.passed = self.pass_began = 0.0
        self.reached = False

    def count(
        self, done: float, total: float, unit: str, now: float, *, last: bool = False
    ) -> bool:
        """Take counts; return whether the total or the pass has changed.

        `last`: the stage has ended with them, so that a lower count begins nothing anew.
        """
        anew = False
        if done != self.done:
            anew = not last and self.steps > 0 and done < FALLEN * self.done
            if anew:
                self._begin_anew(done, now)
            self.done = done
            if self.began is not None and self.state in WORKING:
                if self.curve is None:
                    self.curve = Curve(self.origin)
                self.changed = self.worked(now)
                self.steps += 1
                self.curve.add(self.changed, self.passed + done)
        self.reached = self.reached or done >= PASS_FULL * total
        self.unit = unit
        if total == self.total:
            return anew
        # A first total is news, in every pass; a second one means that it cannot be trusted while
        # it runs.
        news = anew or self.total <= 0 or self.began is None
        self.moved = self.moved or not news
        self.total = total
        return True

    def _begin_anew(self, done: float, now: float) -> None:
        """Take that the count fell: another pass, or work that was undone."""
        if self.reached:
            self.passes = (*self.passes[-PASSES_LIMIT:], (self.total, self.done))
            self.passed += self.done
            self.pass_began = self.changed
            self.reached = False
        else:
            self._restart(done, now)

    def rewind(self, now: float) -> None:
        """Take in that it is `now` once more: no work went on since."""
        worked = self.worked(now)
        if self.state in WORKING and self.changed > worked:
            self.changed = worked
            if self.curve is not None:
                self.curve.rewind(worked)

    def begin_from(self, initial: float) -> None:
        """Take in how many units were there when the attempt began: they are no work."""
        if initial > self.origin and self.began is not None:
            self.origin = initial
            self.steps = 0
            self.curve = None
            if self.units > initial:
                self.curve = Curve(initial)
                self.curve.add(self.changed, self.units)

    def awaited(self, now: float) -> float:
        """Return the seconds that what it waits for is still expected to take."""
        if self.until is None or self.state != "waiting":
            return 0.0
        return max(0.0, self.until - now)

    def fraction(self) -> float:
        """Return done over total, 0…1; 0 where the total is unknown."""
        if self.state == "completed":
            return 1.0
        if self.total <= 0:
            return 0.0
        return min(1.0, max(0.0, (self.done + self.partial) / self.total))
