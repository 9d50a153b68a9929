"""`headway.run`: run a command from a program as `subprocess.run` does, and report it.

Inside an operation or a stage the command is a stage of that, elsewhere an operation of its own;
what its output and its processes tell, also below `sh -c`, are stages inside it. What it prints
passes through pipes of ours: what is not captured goes on to where it would have gone.
"""

from __future__ import annotations

import asyncio
import locale
import os
import subprocess
import threading
import time
from collections import deque
from contextvars import copy_context
from functools import partial
from typing import IO, Any, Mapping, Sequence

from headway.api.opening import current, operation, operation_of
from headway.async_exceptions import reraise_async
from headway.host.propagation import PARENT
from headway.run.exit_status import outcome_of
from headway.run.history_keys import keys_of
from headway.run.kernel.input_follower import InputFollower
from headway.run.kernel.looks import ProcessLooks
from headway.run.kernel.process_tree import process_tree
from headway.run.parsers.registry import (
    DATA_ON_STDOUT,
    PARSERS,
    find_parser_module,
    make_fallback,
    make_parser,
    name_command,
)
from headway.run.process.child import ignores_signal, send_signal
from headway.run.process.escalation import Escalation
from headway.run.progress.input_reporter import KNOWN_TOOL_SECONDS, InputReporter
from headway.run.progress.operation_updater import OperationUpdater
from headway.run.progress.parsing_loop import ParsingLoop
from headway.run.progress.stage_target import StageTarget
from headway.run.progress.work_reporter import WorkReporter
from headway.run.reading.command_line import Command, parse_command_line
from headway.run.streams.samples import KNOWN_TOOL_LIMIT, Samples
from headway.run.tree.processes import Processes
from headway.run.tree.router import Router

TICK = 0.1  # seconds between two looks at the output and at requests to cancel
LINGER_SECONDS = 0.1  # for what background processes of the command still print after its end
# Seconds that an interrupted command has to end by itself, as of `subprocess.run`.
INTERRUPT_SECONDS = 0.25
READ_BYTES = 1 << 16
SIGINT = 2


def run(
    args: str | bytes | os.PathLike[str] | Sequence[Any],
    *,
    name: str | None = None,
    stdin: int | IO[Any] | None = None,
    input: str | bytes | None = None,  # noqa: A002 - as of subprocess.run
    stdout: int | IO[Any] | None = None,
    stderr: int | IO[Any] | None = None,
    capture_output: bool = False,
    timeout: float | None = None,
    check: bool = False,
    text: bool | None = None,
    universal_newlines: bool | None = None,
    encoding: str | None = None,
    errors: str | None = None,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """Run a command and report its progress; return its `subprocess.CompletedProcess`.

    All parameters are those of `subprocess.run`, and mean the same; `name` is what it is called
    (default: its program and what it works on). A request to cancel the operation interrupts it,
    and `headway.Cancelled` is raised once it has ended. Raise what `subprocess.run` raises:
    CalledProcessError with `check`, TimeoutExpired, OSError where it cannot be started.
    """
    if input is not None and stdin is not None:
        raise ValueError("stdin and input arguments may not both be used.")
    if capture_output:
        if stdout is not None or stderr is not None:
            raise ValueError("stdout and stderr arguments may not be used with capture_output.")
        stdout = stderr = subprocess.PIPE
    decoding: tuple[str, str] | None = None
    if text or universal_newlines or encoding or errors:
        decoding = (encoding or locale.getpreferredencoding(False), errors or "strict")
    data = input.encode(*decoding) if decoding and isinstance(input, str) else input
    if isinstance(data, str):
        raise TypeError("input is text, and the command is not run with text=True")
    started = _Started(args, name, stdin, data, stdout, stderr, options)
    try:
        code = started.follow(timeout)
    finally:
        started.close()
    out, err = (_decoded(data, decoding) for data in started.captured())
    if code is None:
        raise subprocess.TimeoutExpired(args, timeout or 0.0, out, err)
    started.raise_cancelled()
    if check and code:
        raise subprocess.CalledProcessError(code, args, out, err)
    return subprocess.CompletedProcess(args, code, out, err)


async def run_async(args: Any, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run a command as `run` does, on a thread, so that the event loop goes on.

    Where the task is cancelled, the command is interrupted, and terminated 10 s later.
    """
    stop = threading.Event()
    call = partial(copy_context().run, partial(run, args, _stop=stop, **options))
    running = asyncio.get_running_loop().run_in_executor(None, call)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([running])
        running.exception()  # it is the task that is cancelled
        raise


def _decoded(data: bytes | None, decoding: tuple[str, str] | None) -> Any:
    if data is None or decoding is None:
        return data
    return data.decode(*decoding).replace("\r\n", "\n").replace("\r", "\n")


class _Reader(threading.Thread):
    """Reads a pipe of the command: keeps what comes, or passes it on to `target`."""

    def __init__(self, pipe: IO[bytes], target: int | None) -> None:
        super().__init__(name="headway-read", daemon=True)
        self._pipe = pipe
        self._target = target
        self.samples = Samples(KNOWN_TOOL_LIMIT)
        self.kept: list[bytes] = []

    def run(self) -> None:
        descriptor = self._pipe.fileno()
        while True:
            try:
                data = os.read(descriptor, READ_BYTES)
            except OSError as error:
                reraise_async(error)
                return
            if not data:
                return
            self.samples.put(memoryview(data), time.monotonic())
            if self._target is None:
                self.kept.append(data)
                continue
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._target, view) :]
            except OSError as error:
                reraise_async(error)
                self._target = -1  # its reader has gone: the next write fails at once


class _Started:
    """A command that runs, and the operation or stage that reports it."""

    def __init__(
        self,
        args: Any,
        name: str | None,
        stdin: Any,
        data: bytes | None,
        stdout: Any,
        stderr: Any,
        options: dict[str, Any],
    ) -> None:
        command = parse_command_line(_words(args, shell=bool(options.get("shell"))))
        cwd = os.fspath(options.get("cwd") or "") or _working_directory()
        self._stop: threading.Event | None = options.pop("_stop", None)  # of `run_async`
        self._requests: deque[Any] = deque()
        self._escalation = Escalation()
        self._open(command, name or name_command(command, cwd))
        environ: Mapping[str, str] = options.pop("env", None) or os.environ
        self._ended = threading.Event()
        self._readers: dict[int, _Reader] = {}
        merged = stderr == subprocess.STDOUT
        try:
            self.process = subprocess.Popen(  # noqa: S603 - the command is the program's
                args,
                stdin=subprocess.PIPE if data is not None else stdin,
                stdout=subprocess.PIPE if stdout is None else stdout,
                stderr=subprocess.PIPE if stderr is None else stderr,
                env={**environ, PARENT: self._path},
                **options,
            )
        except BaseException as error:
            self._listen_no_more()
            self._target.fail(getattr(error, "strerror", None) or error)
            raise
        pipes = ((1, self.process.stdout, stdout), (2, self.process.stderr, stderr))
        for number, pipe, wanted in pipes:
            if pipe is not None:
                reader = self._readers[number] = _Reader(pipe, number if wanted is None else None)
                reader.start()
        self._captures = (stdout == subprocess.PIPE, stderr == subprocess.PIPE and not merged)
        self._parse(command)
        if data is not None and self.process.stdin is not None:
            threading.Thread(target=_feed, args=(self.process.stdin, data), daemon=True).start()
        threading.Thread(target=self._wait, name="headway-wait", daemon=True).start()

    def _open(self, command: Command, name: str) -> None:
        """Begin the stage or operation of the command."""
        around = current()
        self._work: WorkReporter | None = None
        if around is not None and not operation_of(around).foreign:
            stage = around.stage(name).start()
            self._operation, self._path = operation_of(around), stage.path
            self._target: Any = StageTarget(stage)
        else:
            self._operation = operation(name)
            keys = keys_of(command, None, terminal=False)
            if keys is not None:
                model = self._operation.model
                model.key, model.coarser, model.former = keys
            self._operation.start()
            self._path, self._target = self._operation.path, self._operation
            self._work = WorkReporter(self._operation, time.monotonic())
        self._operation.on_cancel(self._take)

    def _parse(self, command: Command) -> None:
        module = PARSERS.get(command.program)
        try:
            root = make_parser(find_parser_module(command.program), command)
        except Exception as error:
            reraise_async(error)
            root = None
        router = Router(root, module, partial(make_fallback, command) if module else None)
        self._updater = OperationUpdater(self._target)
        now = time.monotonic()
        self._input = InputReporter(self._updater, now + KNOWN_TOOL_SECONDS if module else 0.0)
        self._watch = InputFollower(self.process.pid, now)
        looks = ProcessLooks(self.process.pid)
        looks.add(self._look)
        hashes = None if self._work is None else self._work.lines
        processes = Processes(router.wants)
        self._parsing = ParsingLoop(router, self._updater, looks, processes, None, hashes)
        for number, reader in self._readers.items():
            if number == 2 or command.program not in DATA_ON_STDOUT:
                self._parsing.add(reader.samples)

    def _look(self, found: Any, now: float) -> None:
        if self._work is not None:
            self._work.take(found, now)
        look = self._watch.take(found, now)
        if look is not None:
            self._input.take(look, now)

    def _wait(self) -> None:
        self.process.wait()
        self._ended.set()

    def follow(self, timeout: float | None) -> int | None:
        """Follow the command to its end; return its return code, or None after the timeout."""
        until = None if timeout is None else time.monotonic() + timeout
        try:
            while not self._ended.wait(TICK):
                self._poll()
                self._cancel()
                if until is not None and time.monotonic() >= until:
                    self._kill()
                    self._target.fail(f"took longer than {timeout:g} s")
                    return None
            for number, reader in self._readers.items():
                captured = self._captures[number - 1]
                left = None if until is None else max(0.0, until - time.monotonic())
                reader.join(left if captured else LINGER_SECONDS)
            return self._end()
        except BaseException as error:
            if not self._ended.wait(INTERRUPT_SECONDS):
                self._kill()
            self._updater_end_by(error)
            raise

    def _poll(self) -> None:
        try:
            self._parsing.poll(time.monotonic())
        except Exception as error:
            reraise_async(error)
            return  # the command goes on, whatever is wrong with its report

    def _cancel(self) -> None:
        now = time.monotonic()
        pid = self.process.pid
        if self._stop is not None and self._stop.is_set() and not self._escalation.requested:
            self._escalation.request(None, False, ignores_signal(pid, SIGINT), now)
        while self._requests:
            request = self._requests.popleft()
            deaf = ignores_signal(pid, SIGINT)
            self._escalation.request(request.reason, request.kill, deaf, now)
        for number in self._escalation.due(now):
            for member in process_tree(pid):
                send_signal(os.kill, member, number)

    def _kill(self) -> None:
        self.process.kill()
        self._ended.wait()
        for reader in self._readers.values():
            reader.join(LINGER_SECONDS)

    def _end(self) -> int:
        code = self.process.returncode
        self._poll()
        if code == 0:
            self._input.finish(self._watch.finished())
        now = time.monotonic()
        try:
            self._parsing.finish(code, now)
        except Exception as error:
            reraise_async(error)  # as in `_poll`
        status = -code if code < 0 else code << 8
        asked, reason = self._escalation.requested, self._escalation.reason
        outcome = outcome_of(status, self._updater.error, None, asked, reason, now)
        self._updater.end(outcome, code if code >= 0 else 128 - code)
        return code

    def _updater_end_by(self, error: BaseException) -> None:
        try:
            if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError)):
                self._target.cancel(None)
            else:
                self._target.fail(error)
        except Exception as late:
            reraise_async(late)  # it has ended

    def captured(self) -> list[bytes | None]:
        """Return what was captured of standard output and error; None of what was not."""
        return [
            b"".join(self._readers[number].kept) if captures and number in self._readers else None
            for number, captures in zip((1, 2), self._captures)
        ]

    def raise_cancelled(self) -> None:
        """Raise `headway.Cancelled` if its operation was requested to be cancelled meanwhile."""
        if self._escalation.requested and self._operation.request is not None:
            self._operation.check_cancelled()

    def close(self) -> None:
        """Let go of its operation, and of the pipes that nobody reads any more."""
        self._listen_no_more()
        for number, pipe in ((1, self.process.stdout), (2, self.process.stderr)):
            reader = self._readers.get(number)
            if pipe is not None and (reader is None or not reader.is_alive()):
                pipe.close()

    def _listen_no_more(self) -> None:
        callbacks = self._operation.callbacks
        if self._take in callbacks:
            callbacks.remove(self._take)

    def _take(self, request: Any) -> None:
        """Keep a request to cancel. A builtin would do, but has no signature on Python 3.8."""
        self._requests.append(request)


def _feed(pipe: IO[bytes], data: bytes) -> None:
    try:
        pipe.write(data)
    except OSError as error:
        reraise_async(error)  # it does not read all of it
    try:
        pipe.close()
    except OSError as error:
        reraise_async(error)


def _words(args: Any, *, shell: bool) -> list[str]:
    """Return the command line as a list of words."""
    words = [args] if isinstance(args, (str, bytes, os.PathLike)) else list(args)
    found = [os.fsdecode(word) for word in words]
    return ["sh", "-c", *found] if shell else found


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        reraise_async(error)
        return ""
