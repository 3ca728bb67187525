"""Runs in processes of their own: forked after the imports, so that each is cheap."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

Work = Callable[[], "int | None"]
"""What a process does; it may return its exit code."""


def start(work: Work, log: Path) -> int:
    """Do something in a new process; what it says goes to a file."""
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with log.open("w") as out:
            sys.stdout = sys.stderr = out
            try:
                code = work() or 0
            except BaseException as error:
                traceback.print_exc()
                code = getattr(error, "exit_code", 98)
    finally:
        os._exit(code)


def wait(pid: int, seconds: float = 120) -> int:
    """Return the exit code of a process, the negative signal if it was killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError(f"process {pid} did not end in {seconds} s")


def together(works: list[Work], folder: Path) -> list[int]:
    """Run several at once and return their exit codes."""
    logs = [folder / f"process{number}.log" for number in range(len(works))]
    pids = [start(work, log) for work, log in zip(works, logs, strict=True)]
    return [wait(pid) for pid in pids]


def last_words(folder: Path) -> str:
    """Return how the output of each process of :func:`together` ends.

    :param folder: Where the logs of the processes are.
    """
    logs = sorted(folder.glob("process*.log"))
    return "\n".join(f"{each.name}: {each.read_text()[-1500:]}" for each in logs)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it did not become true")
        time.sleep(0.02)
