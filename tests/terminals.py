"""Programs on a real pseudo terminal, and what a person sees there at the end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PARTS = re.compile(r"\x1b\[(\d*(?:;\d+)*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


def seen(raw: str) -> list[str]:
    """Return the lines that stand on a wide terminal after a text was written.

    It knows what the commands use: return, newline, clear to the end of the line, and
    colours, which it leaves out. Anything else is an error.
    """
    lines, column = [""], 0
    at = 0
    while at < len(raw):
        match = _PARTS.match(raw, at)
        assert match is not None, f"unknown control: {raw[at : at + 10]!r}"
        at = match.end()
        arguments, letter, control, text = match.groups()
        if letter == "K":
            assert arguments == ""
            lines[-1] = lines[-1][:column]
        elif letter:
            assert letter == "m", match[0]
        elif control == "\r":
            column = 0
        elif control == "\n":
            lines.append("")
            column = 0
        else:
            line = lines[-1].ljust(column)
            lines[-1] = line[:column] + text + line[column + len(text) :]
            column += len(text)
    return lines


class Terminal:
    """A process whose stdin, stdout and stderr are one pseudo terminal.

    :param words: The program and its arguments.
    :param folder: Where it runs.
    :param environment: What is added to the environment.
    :param columns: How wide the terminal is.
    """

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        *,
        columns: int = 100,
    ) -> None:
        self.raw = ""
        self.master, slave = pty.openpty()
        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        self.process = subprocess.Popen(
            words,
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
            start_new_session=True,
        )
        os.close(slave)

    def until(self, condition: Callable[[str], object], seconds: float = 60) -> None:
        """Read until what was written so far fulfils a condition."""
        end = time.monotonic() + seconds
        while not condition(self.raw):
            assert time.monotonic() < end, f"it was never written:\n{self.raw}"
            assert self._read() or condition(self.raw), f"it ended:\n{self.raw}"

    def _read(self) -> bool:
        """Read what there is; false when the program has ended."""
        if not select.select([self.master], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux says so when the last slave is closed
            return False
        self.raw += data.decode("utf-8", "replace")
        return bool(data)

    def type(self, text: str) -> None:
        """Write what a person would type."""
        os.write(self.master, text.encode())

    def end(self, seconds: float = 60) -> int:
        """Read until the program ends, and return its exit code."""
        limit = time.monotonic() + seconds
        while self._read():
            assert time.monotonic() < limit, f"it did not end:\n{self.raw}"
        return self.process.wait(seconds)

    def close(self) -> None:
        """End the program if it is still at work."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)

    @property
    def lines(self) -> list[str]:
        """What stands on the terminal now."""
        return seen(self.raw)
