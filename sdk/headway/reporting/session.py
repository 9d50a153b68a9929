"""The session with a broker: whether there is one, what it has said, and what it was told of that.

Pure. The reporting thread says when a connection is made or lost, and passes in what it received.
"""

from __future__ import annotations

from headway.plain_values import clean_count
from headway.protocol.messages import (
    Acknowledge,
    Answer,
    Cancel,
    Drawn,
    OutputWanted,
    Pause,
    Reannounce,
    Refuse,
    Reply,
    Request,
    Retire,
    Watched,
    Welcome,
)
from headway.reporting.marks import Marks
from headway.reporting.output_sender import OutputSender

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from headway.model import Operation
    from headway.protocol import retirement

# Seconds after which an end that was not acknowledged is announced again: the broker stores it
# first. Halved, a broker with a slow disk is told more ends twice, when it has least time.
ACKNOWLEDGE_TIMEOUT = 2.0
# Seconds without a Welcome after which a broker is taken for deaf by the children that are forked.
# Doubled, a pool that is forked beside a stopped one pays its first exit's wait a little later.
WELCOME_TIMEOUT = 0.3
START_POLL = 0.03  # seconds between looks for a broker that is just being started, and then
# this part of the time for which it has been absent: each look, with the turn around it, takes the
# interpreter from the program for some 0.3 ms. Doubled, a broker is found by that part later.
START_PART = 1 / 8
START_TIMEOUT = 3.0  # seconds after which a broker that was started is taken for failed
RETRY_LIMIT = 5.0  # seconds at most between looks for a broker that is not there
TOO_MANY = "too many operations"  # what a broker says of an open one beyond those of a process
REFUSED_LIMIT = 100  # ends that a broker has refused and that are kept for the spool
RETIRE_REQUEST = 1  # its number; those that ask for usual durations come after it
OUTPUT_MINOR = 1  # the version of a broker that takes output


class BackOff:
    """When to look again for a broker that is not there: soon at first, then ever less often."""

    def __init__(self) -> None:
        self.retry_at = float("-inf")
        self._pause = START_POLL
        self._absent_since: float | None = None

    def heard(self) -> None:
        """Take in that a broker has answered."""
        self._absent_since = None
        self._pause = START_POLL

    def failed(self, now: float) -> None:
        """Take in that there is none at `now`, or no longer: just started, it listens soon."""
        if self._absent_since is None:
            self._absent_since = now
        absent = now - self._absent_since
        if absent > START_TIMEOUT:
            self._pause = min(max(self._pause, 0.5) * 2, RETRY_LIMIT)
        else:
            self._pause = max(START_POLL, absent * START_PART)
        self.retry_at = now + self._pause


class Session(Marks):
    """The marks of a process, and the broker that is to take them."""

    def __init__(self, session: str, *, mute: bool = False) -> None:
        super().__init__(mute=mute)
        self.session = session
        self.watched = True  # until the broker says otherwise: so the first counts go out soon
        self.welcome: Welcome | None = None
        self.refused: Refuse | None = None
        self.retired = False
        self.surroundings: retirement.Surroundings | None = None  # of a broker that we start
        self.viewer_requests: list[Cancel | Pause] = []  # to be answered
        self.drawn: set[str] = set()
        self.output = OutputSender()
        self.usual: dict[str, float] = {}  # operation → seconds, where asked for and known
        self._connected = False
        self._greeted = False
        self._greeted_at = float("-inf")
        self._heard = float("-inf")
        self._last_announce = float("-inf")
        self._older: int | None = None  # the major of a broker that is only asked to retire
        self._asked_usual: dict[int, str] = {}  # request → operation
        # Open, beyond what the broker takes of one process: told once one of the others has ended.
        self._turned_away: dict[str, Operation] = {}
        self._asked_to_retire = False  # once: programs of another version may start theirs again
        self._requests: list[Request] = []
        self._answers: list[Answer] = []
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            Acknowledge: self._receive_acknowledge,
            Welcome: self._receive_welcome,
            Watched: self._receive_watched,
            Reannounce: self._receive_reannounce,
            Cancel: self._receive_request,
            Pause: self._receive_request,
            OutputWanted: self._receive_output_wanted,
            Drawn: self._receive_drawn,
            Retire: self._receive_retire,
            Refuse: self._receive_refuse,
            Reply: self._receive_reply,
        }

    def ask_usual(self, operation: str) -> None:
        """Ask for the usual duration of an operation; what is known of it comes into `usual`."""
        if self.mute or self._sealed or self.welcome is None:
            return
        number = RETIRE_REQUEST + 1 + len(self._asked_usual)
        self._asked_usual[number] = operation
        self._requests.append(Request(number, "usual", {"operation": operation}))

    def answer(self, request: int, answer: str, reason: str | None = None) -> None:
        """Queue the answer to the `Cancel` or `Pause` of that number."""
        self._answers.append(Answer(request, answer, reason))

    def connected(self) -> None:
        """Take in a new connection: mark everything open or unacknowledged for a resync."""
        self._connected = True
        self.output.connected()
        self._greet_again()

    def lost(self) -> None:
        """Take in that the connection is lost: hand out nothing until there is another."""
        self._connected = False
        self.welcome = None
        self.retired = False
        self.refused = self._older = None  # the next broker may be another
        self._requests.clear()
        for entry in self.operations.values():
            entry.stored = False

    def _greet_again(self) -> None:
        self._greeted = False
        self._last_announce = float("-inf")
        while self._turned_away:
            self._tell_turned_away()
        for entry in self.operations.values():
            self._repeat(entry)
        self._doubt_shares()

    def receive(self, message: Any, now: float) -> None:
        """Apply a message of `messages.OUTBOUND`."""
        self._heard = now
        handler = self._handlers.get(type(message))
        if handler is not None:
            handler(message)

    def _receive_acknowledge(self, message: Acknowledge) -> None:
        for operation, revision in message.finals:
            entry = self.operations.get(operation)
            if entry and not entry.model.open and revision >= entry.model.revision:
                self._drop(entry)
                self._tell_turned_away()
        for operation in message.begun:
            if operation in self.operations:
                self.operations[operation].stored = True
        for operation, stage, done in message.shares:
            self._told_shares = {
                key: told
                for key, told in self._told_shares.items()
                if (key.operation, key.stage, told) != (operation, stage, done)
            }

    def _receive_welcome(self, message: Welcome) -> None:
        if self._older is not None:
            return
        self.welcome = message
        self.refused = None
        self.watched = message.watched
        self.output.supported = message.minor >= OUTPUT_MINOR
        from headway.protocol import retirement  # noqa: PLC0415 - of use only where a broker answers

        words = retirement.request(message, self.surroundings)
        if words is not None:
            self._ask_to_retire(words)

    def _ask_to_retire(self, words: dict[str, Any]) -> None:
        if not self._asked_to_retire:
            self._asked_to_retire = True
            self._requests.append(Request(RETIRE_REQUEST, "retire", words))

    def _receive_watched(self, message: Watched) -> None:
        self.watched = message.watched

    def _receive_reannounce(self, message: Reannounce) -> None:
        if message.operations is None:
            self._greet_again()
        else:
            for operation in message.operations:
                if operation in self.operations:
                    self._repeat(self.operations[operation])

    def _receive_request(self, message: Cancel | Pause) -> None:
        self.viewer_requests.append(message)

    def _receive_output_wanted(self, message: OutputWanted) -> None:
        self.output.want(message.operation, message.offset)

    def _receive_drawn(self, message: Drawn) -> None:
        self.drawn.update(message.operations)

    def _receive_retire(self, _message: Retire) -> None:
        self.retired = True

    def _receive_refuse(self, message: Refuse) -> None:
        operation = message.details.get("operation")
        from headway.protocol import retirement  # noqa: PLC0415 - as above

        older = retirement.older_major(message)
        if older is not None and not self._asked_to_retire:
            self._older = older
            self._greeted = False
            self._ask_to_retire(retirement.words(self.surroundings))
        elif operation is None:
            self.refused = message
        elif operation in self.operations:
            entry = self.operations[operation]
            self._drop(entry)
            if entry.model.open and message.reason == TOO_MANY:
                self._turned_away[operation] = entry.model
            if not entry.model.open:
                # It is told to this broker no more; the spool keeps it, as another may take it.
                self.refused_ends[operation] = entry
                for oldest in list(self.refused_ends)[:-REFUSED_LIMIT]:
                    del self.refused_ends[oldest]

    def _tell_turned_away(self) -> None:
        """Tell of one of the operations that the broker had no room for."""
        if self._turned_away:
            operation = self._turned_away.pop(next(iter(self._turned_away)))
            if operation.open and operation.id not in self.operations:
                self.changed(operation)
                entry = self.operations.get(operation.id)
                if entry is not None:
                    self._repeat(entry)

    def _receive_reply(self, message: Reply) -> None:
        operation = self._asked_usual.get(message.request)
        if operation is not None:
            usual = clean_count(message.result.get("usual"))
            if usual is not None:
                self.usual[operation] = usual
            return
        if self._older is not None and message.result.get("retiring") is not True:
            self.refused = Refuse("version", {"majors": [self._older]})

    @property
    def unheard(self) -> bool:
        """Return whether this broker takes nothing of ours."""
        return self.refused is not None or self._older is not None

    @property
    def unsaid(self) -> bool:
        """Return whether a change of state waits for a connection that stands."""
        return self._connected and bool(self._dirty or self._answers)

    def is_unanswered(self, now: float) -> bool:
        """Return whether there is a broker that should have answered by now, and has not."""
        if not (self._connected and self._greeted):
            return False
        if self.welcome is None:
            return now > self._greeted_at + WELCOME_TIMEOUT
        sent = [entry.sent for entry in list(self._unacknowledged.values())[:1]]
        return any(self._heard < at < now - ACKNOWLEDGE_TIMEOUT for at in sent)

    def tick(self, now: float) -> None:
        """Mark the ends that were not acknowledged within `ACKNOWLEDGE_TIMEOUT` again."""
        while self._unacknowledged:
            entry = next(iter(self._unacknowledged.values()))
            if now < entry.sent + ACKNOWLEDGE_TIMEOUT:
                break
            self._repeat(entry)
