"""Follow and report a command that ends at once, without the API, the parsers and the broker.

Most commands of a script take less time than it takes to import what follows a command. The
operation of one that succeeds so soon, or fails without a word, is written to the spool, from
which the broker takes it. Of any other command nothing is taken: the runner follows it, as it does
a known tool that has printed something, which tells of stages, and from its beginning a command
that took long when it ran last.
"""

from __future__ import annotations

import os
import time

from headway.formatting.picture_support import wants_lines
from headway.host.threads import signals as signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from headway.run.process.signal_forwarding import ReceivedSignal
    from headway.run.supervision.launch import Launch

# Seconds for which a command is not followed by anything that has to be imported. What takes longer
# again and again is followed from its beginning. Doubled, the first run of a longer one would be
# seen that much later, from elsewhere too.
LONGEST = 0.5
# The same for one that took less than what counts as long when it ran last.
KNOWN_LONGEST = 1.5
# The same on a terminal, whose picture begins soon after, and for a known tool that has printed.
SOON = 0.3
TICK = 0.1  # seconds between two looks at the modes of the terminal
# Seconds for the streams of a command that has ended: what is still open then is a process's that
# it has left behind.
DRAIN = 0.02
# What `headway run` shows of a command that ends at once is nothing, or a line.
_SHOWN = ("plain", "json")


class ShortCommand:
    """The first seconds of a command: `LONGEST`, `KNOWN_LONGEST` or `SOON`.

    `heard` is the signal that ended them, and was passed on; who follows the command then does
    the rest.
    """

    def __init__(self, launch: Launch, environ: Mapping[str, str]) -> None:
        self._launch = launch
        self._environ = environ
        self.heard: ReceivedSignal | None = None
        self._is_known: bool | None = None  # whether the tool has a parser, once that was asked

    @property
    def is_possible(self) -> bool:
        """Return whether the command may be reported by the spool alone."""
        launch, environ = self._launch, self._environ
        plan = launch.plan
        display = plan.display or environ.get("HEADWAY_DISPLAY") or "auto"
        return (
            not launch.is_held
            and display not in _SHOWN
            and plan.tool in (None, "")
            and plan.called is None
            and plan.limit is None
            and launch.invocation.patch is None
            and launch.invocation.notify_socket is None
            and launch.invocation.status is None
            and hasattr(os, "waitid")
            and not environ.get("HEADWAY_ENDPOINT")
            and not _is_for_agents(environ)
        )

    def run(self) -> int | None:
        """Follow the command; return its exit status if it is reported, so all is done."""
        try:
            known = self._took_long()
            code = None if known else self._end(LONGEST if known is None else KNOWN_LONGEST)
            if code is None or not (self._is_copied() and self._report(code)):
                return None
        except Exception:
            return None  # whatever it was, the runner reports
        self._launch.child.take_statuses()
        return code

    def _took_long(self) -> bool | None:
        """Return whether the command took long when it ran last: then it is followed at once.

        None where that is not known.
        """
        from headway.host.files.long_commands import took_long  # noqa: PLC0415 - once it has begun

        keys = self._launch.plan.history_keys()
        return None if keys is None else took_long(keys.key)

    def _end(self, longest: float) -> int | None:
        """Wait for the command, so long at most; return its exit status if it exits in time."""
        launch = self._launch
        soon = launch.begun + SOON
        until = soon if os.isatty(2) else launch.begun + longest
        while True:
            now = time.monotonic()
            found = os.waitid(os.P_PID, launch.child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is not None:
                launch.child.ended = now
                return int(found.si_status) if found.si_code == os.CLD_EXITED else None
            if now >= until or (now >= soon and self._tells_stages()):
                return None
            heard = launch.signals.wait(min(TICK, until - now))
            if heard is not None and heard.number != signal.SIGCHLD:
                if not heard.passed_on:
                    heard = heard._replace(passed_on=launch.signal_relay.pass_on(heard))
                self.heard = heard
                return None
            launch.follow_terminal()

    def _is_copied(self) -> bool:
        """Return whether all output is passed on, and nobody has the streams any more."""
        pumps = self._launch.pumps
        for pump in pumps:
            pump.join(DRAIN)
        return not any(pump.is_alive() or pump.error is not None for pump in pumps)

    def _says_why(self) -> bool:
        """Return whether the command may have printed why it fails, which is in no file."""
        output = self._launch.output
        return output is None or not self._launch.pumps or bool(output.total)

    def _report(self, code: int) -> bool:
        """Spool the operation; return whether that was possible. Raise what prevents it."""
        from headway.host.files.spool import may_listen, spool_place, write_spool_file  # noqa: PLC0415 - once it has run
        from headway.run.tables_file import tables_path  # noqa: PLC0415

        # The first program that reports starts the broker; the names in tables need a parser, too.
        if self._tells_stages() or (code and (self._says_why() or wants_lines(self._environ))):
            return False
        if os.path.exists(tables_path()) or not (self._starts_none or may_listen()):
            return False
        from headway.host.identity import describe  # noqa: PLC0415
        from headway.host.random_id import random_id  # noqa: PLC0415
        from headway.protocol import messages, packing  # noqa: PLC0415
        from headway.version import VERSION  # noqa: PLC0415

        about = describe(VERSION)
        operation = self._operation(about, code)
        session, now = random_id(16), time.monotonic()
        hello = messages.Hello(
            messages.MAGIC, messages.MAJOR, messages.MINOR, session, "worker", now, about
        )
        announce = messages.Announce(0, now, True, operation.record(), [])
        told: list[Any] = [hello, announce]
        if code:  # it has printed nothing, else another would report it
            told.append(messages.Output(operation.id, 0, b"", 0, last=True))
        frames = map(packing.frame, (*told, messages.Bye(0, now)))
        write_spool_file(*spool_place(), session, b"".join(map(packing.packed, frames)))
        return True

    def _tells_stages(self) -> bool:
        """Return whether it is a known tool that has printed: its output is for its parser."""
        output = self._launch.output
        if output is None or not output.total:
            return False
        if self._is_known is None:  # asked once: what relays signals meanwhile is a thread
            self._launch.relay_signals()
            from headway.run.parsers.registry import PARSERS  # noqa: PLC0415 - not before it has begun

            self._is_known = self._launch.invocation.tool in PARSERS
        return self._is_known

    @property
    def _starts_none(self) -> bool:
        return self._environ.get("HEADWAY_BROKER", "").lower() == "never"

    def _operation(self, about: Mapping[str, Any], code: int) -> Any:
        """Return the ended operation, as `Launch.report` and the API would have made it."""
        from headway.host.propagation import inherited  # noqa: PLC0415 - as above
        from headway.model import Operation  # noqa: PLC0415
        from headway.plain_values import (  # noqa: PLC0415
            NAME_LIMIT,
            clean_labels,
            clean_text,
            clean_traceparent,
        )
        from headway.states import COMPLETED, FAILED, RUNNING  # noqa: PLC0415

        launch = self._launch
        keys = launch.plan.history_keys()
        operation = Operation(
            launch.id,
            clean_text(launch.plan.operation_name(), NAME_LIMIT),
            keys and keys.key,
            inherited(),
        )
        if keys is not None:
            operation.coarser, operation.former = keys.coarser, keys.former
        shown = launch.plan.display or self._environ.get("HEADWAY_DISPLAY")
        operation.display = clean_text(shown, NAME_LIMIT) if shown else None
        operation.labels = clean_labels(launch.plan.labels)
        operation.traceparent = clean_traceparent(self._environ.get("TRACEPARENT"))
        operation.cancellable = launch.can_signal()
        operation.host, operation.pid = about["host"], about["pid"]
        operation.user, operation.tty = about["user"], about["tty"]
        operation.exit_status = code
        operation.move(RUNNING, launch.begun)
        operation.move(FAILED if code else COMPLETED, launch.child.ended or launch.begun)
        if code:
            from headway.protocol.vocabulary import exit_status  # noqa: PLC0415 - few fail

            operation.error = exit_status(code)
        operation.revision = 1
        return operation


def _is_for_agents(environ: Mapping[str, str]) -> bool:
    """Return whether an agent is to be told how the command has ended."""
    from headway.run.supervision import report  # noqa: PLC0415 - most need it no more

    return report.is_wanted(environ, terminal=os.isatty(2))
