"""The process in which a sandbox runs its function."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import pickle
import selectors
import signal
import struct
import sys
import warnings
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, NoReturn, TypeVar

from .audit_events import refuse_always, refused
from .syscall_filter import confine, machine
from .watch import Watch

Request = TypeVar("Request")
Answer = TypeVar("Answer")

SECONDS: Final = 60.0
"""How long an answer may take."""

_READY: Final = b"ready"
_HEAD: Final = struct.Struct("!Q")


class SandboxEnded(Exception):
    """The process of the sandbox ended, or was ended, before it gave an answer.

    .. versionadded:: 4.0
    """


class Sandbox(Generic[Request, Answer]):
    """Runs a function where it can change nothing; see :mod:`flask_alembic.sandbox`.

    The process begins with the first call and serves all further ones, until the
    function has tried something or the process ended: the next call has a new one.
    Requests and answers have to be picklable where there is a process of its own; what
    the function needs besides is to be bound to it. Not for several threads at a time.

    :param function: Called with each request, and with what it can see of the sandbox.
    :param seconds: How long an answer may take.

    .. versionadded:: 4.0
    """

    def __init__(
        self, function: Callable[[Request, Watch], Answer], seconds: float = SECONDS
    ) -> None:
        self._function = function
        self._seconds = seconds
        self._worker: _Worker | None = None
        self._is_possible = machine() is not None and hasattr(os, "fork")

    def __enter__(self) -> Sandbox[Request, Answer]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, request: Request) -> Answer:
        """Return what the function returns for a request.

        What it raises is raised here, too.

        :param request: Its first argument.
        :raises SandboxEnded: When the process ended, or took too long.
        """
        worker = self._start() if self._worker is None else self._worker
        if worker is None:
            watch = Watch(is_complete=False)
            with refused(watch):
                return self._function(request, watch)
        try:
            error, answer, is_clean = worker.ask(request, self._seconds)
        except BaseException:
            self.close()
            raise
        if not is_clean:
            self.close()
        if error is not None:
            raise error
        result: Answer = answer
        return result

    def close(self) -> None:
        """End the process."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()

    def _start(self) -> _Worker | None:
        """Return a new process, ``None`` where there can be none."""
        if not self._is_possible:
            return None
        self._worker = _fork(self._function, self._seconds)
        self._is_possible = self._worker is not None
        return self._worker


@dataclass(slots=True)
class _Process:
    """The numbers of a child process and of the pipes to it."""

    parent: int
    pid: int
    requests: int
    answers: int

    def end(self) -> int:
        """End it, and return how it ended: as :func:`os.waitstatus_to_exitcode`.

        A process that was forked from its parent leaves it alone.
        """
        if os.getpid() != self.parent:
            return 0
        for descriptor in (self.requests, self.answers):
            os.close(descriptor)
        try:
            os.kill(self.pid, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        except (ProcessLookupError, ChildProcessError):
            return 0  # somebody else has waited for it


class _Worker:
    """The side of the caller."""

    def __init__(self, process: _Process) -> None:
        self._process = process
        self.end = weakref.finalize(self, process.end)

    def ask(
        self, request: Any, seconds: float
    ) -> tuple[BaseException | None, Any, bool]:
        """Return what the function raised, what it returned, whether it tried nothing.

        :param request: What it is called with.
        :param seconds: How long it may take.
        :raises SandboxEnded: When there is no answer.
        """
        data = pickle.dumps(request)
        try:
            _write(self._process.requests, data)
        except BrokenPipeError:
            data = b""
        else:
            data = self._read(seconds)
        if not data:
            raise SandboxEnded(_how(self.end() or 0))
        found: tuple[BaseException | None, Any, bool] = pickle.loads(data)
        return found

    def is_ready(self, seconds: float) -> bool:
        """Return whether it could be confined."""
        return self._read(seconds) == _READY

    def _read(self, seconds: float) -> bytes:
        """Return a message, or nothing when the process ended.

        :raises SandboxEnded: When it takes too long.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.answers, selectors.EVENT_READ)
            if not selector.select(seconds):
                raise SandboxEnded(f"there was no end after {seconds:g} seconds")
        return _read(self._process.answers)


def _how(status: int) -> str:
    if status == -signal.SIGSYS:
        return "something was tried that is not allowed, while signals were blocked"
    if status < 0 and status != -signal.SIGKILL:
        return f"the process was ended by {signal.Signals(-status).name}"
    return "the process was ended"


def _fork(function: Callable[[Any, Watch], Any], seconds: float) -> _Worker | None:
    """Return a child process that serves requests, ``None`` if it cannot be confined."""
    parent = os.getpid()
    theirs, requests = os.pipe()
    answers, ours = os.pipe()
    try:
        with warnings.catch_warnings():
            # Another thread may hold a lock; if the function needs it, time is over.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
            if pid == 0:
                _serve(function, theirs, ours)
    except OSError:  # there are too many processes
        for descriptor in (requests, answers):
            os.close(descriptor)
        return None
    finally:
        for descriptor in (theirs, ours):
            os.close(descriptor)
    worker = _Worker(_Process(parent, pid, requests, answers))
    try:
        if worker.is_ready(seconds):
            return worker
    except SandboxEnded:
        pass
    worker.end()
    return None


def _serve(
    function: Callable[[Any, Watch], Any], requests: int, answers: int
) -> NoReturn:
    """Answer requests until there are no more."""
    status = 1
    try:
        watch = Watch()
        _let_go({requests, answers})
        _become_silent()
        atexit.register = watch.at_exit  # type: ignore[assignment]
        kept = confine(watch)
        refuse_always(watch)
        _write(answers, _READY)
        while data := _read(requests):
            _write(answers, _answer(function, pickle.loads(data), watch))
        status = 0 if kept else 1
    finally:
        os._exit(status)


def _answer(function: Callable[[Any, Watch], Any], request: Any, watch: Watch) -> bytes:
    """Return the pickled answer to a request."""
    environment, folder = dict(os.environ), os.getcwd()
    error: BaseException | None = None
    answer = None
    try:
        answer = function(request, watch)
    except BaseException as raised:
        error = raised
    is_clean = watch.settle() and not watch.attempts
    os.chdir(folder)
    if dict(os.environ) != environment:
        os.environ.clear()
        os.environ.update(environment)
    try:
        data = pickle.dumps((error, answer, is_clean))
        pickle.loads(data)
    except Exception as unpicklable:
        reason = f"what the function gave cannot be pickled: {unpicklable}"
        return pickle.dumps((TypeError(reason), None, False))
    return data


def _let_go(kept: set[int]) -> None:
    """Make the descriptors of the parent lead nowhere: its connections, files, pipes.

    Each keeps its number, so that whoever still has it can reach nothing else by it.
    """
    null = os.open(os.devnull, os.O_RDONLY)
    sink = os.open(os.devnull, os.O_WRONLY)
    for name in os.listdir("/proc/self/fd"):
        descriptor = int(name)
        if descriptor in kept or descriptor in (null, sink):
            continue
        try:
            os.fstat(descriptor)
        except OSError:
            continue  # the one that lists them
        is_output = descriptor in (1, 2)
        os.dup2(sink if is_output else null, descriptor, inheritable=False)
    os.close(null)
    os.close(sink)


def _become_silent() -> None:
    """Leave the terminal, logs, signals and finalizers to the parent."""
    import tempfile

    gc.freeze()  # nothing of the parent's is finalized here
    sys.dont_write_bytecode = True
    tempfile.gettempdir()  # it tries to write where it has not been asked before
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    logging.disable()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(_HEAD.pack(len(data)) + data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _read(descriptor: int) -> bytes:
    """Return a message, or nothing at the end of the pipe."""
    head = _bytes(descriptor, _HEAD.size)
    return _bytes(descriptor, _HEAD.unpack(head)[0]) if head else b""


def _bytes(descriptor: int, size: int) -> bytes:
    parts = []
    while size:
        part = os.read(descriptor, min(size, 1 << 16))
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
