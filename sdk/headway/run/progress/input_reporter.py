"""Report how far a command is through its input, where its output tells nothing of its progress."""

from __future__ import annotations

from headway.run.progress.operation_updater import RUN, OperationUpdater

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.run.kernel.file_progress import Count
    from headway.run.kernel.input_follower import InputProgress


# Seconds in which a known tool may tell of its progress itself, as most do once a second, before
# its input does. Doubled, what such a tool does in silence is shown that much later.
KNOWN_TOOL_SECONDS = 2.0


class InputReporter:
    """Shows the counts of looks as stages: the command's own as Run, others by their program.

    Nothing is shown before `begins`: until then the output may tell more.
    """

    def __init__(self, updater: OperationUpdater, begins: float = 0.0) -> None:
        self._updater = updater
        self._begins = begins
        self._shown: dict[str, Count] = {}
        self._left: set[str] = set()  # that were shown, of processes that may go on
        self._names: list[str] = []  # of all stages so far

    def take(self, look: InputProgress, now: float) -> None:
        """Show what a look has found, and that what is no longer known is unknown."""
        if self._updater.counted:
            self._leave()
            self._follow_output(look)
            return
        if now < self._begins:
            return
        counts = dict(look.inner)
        if look.whole is not None:
            counts[RUN] = look.whole
        if look.inner and RUN not in counts and RUN not in self._names:
            self._updater.leave_untold()  # what a part of it has left is not what the whole has
            self._begin(RUN, look)  # else the input of one process would be all there is
        for name in [name for name in self._shown if name not in counts]:
            del self._shown[name]
            if name == RUN:
                self._updater.hide_input(name)
            else:
                self._updater.end_input(name)
        for name, count in counts.items():
            if self._shown.get(name) != count:
                self._shown[name] = count
                self._begin(name, look)
                self._updater.show_input(name, count)

    def _begin(self, name: str, look: InputProgress) -> None:
        """Begin a stage when its process began: what it has read since is its work."""
        if name not in self._names:
            self._names.append(name)
            since = look.since or {}
            self._updater.begin(name, since.get("" if name == RUN else name))

    def finish(self, last: Count | None) -> None:
        """Show that all was read: the command has succeeded."""
        if last is not None and RUN in self._shown and not self._updater.counted:
            self._updater.show_input(RUN, last)

    def _leave(self) -> None:
        """Leave all to the output, which tells more."""
        for name in self._shown:
            if name == RUN:
                self._updater.leave_run()
            else:
                self._updater.hide_input(name)
                self._left.add(name)
        self._shown = {}

    def _follow_output(self, look: InputProgress) -> None:
        """Follow what only looks tell beside the output: ends, and how large an input is."""
        for name in self._left.difference(look.inner):
            self._left.discard(name)
            self._updater.end_input(name)
        if look.whole is not None:
            self._updater.show_total("", look.whole)
        for name, count in look.inner.items():
            self._updater.show_total(name, count)
