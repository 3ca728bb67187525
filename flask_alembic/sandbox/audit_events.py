"""What Python's audit events tell of functions that reach out of the process."""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from .watch import NotAllowed, Watch

_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

_PATHS: Final = {
    "os.remove": "remove",
    "os.rename": "rename",
    "os.rmdir": "remove",
    "os.mkdir": "create",
    "os.link": "link",
    "os.symlink": "link",
    "os.truncate": "truncate",
    "os.chmod": "change the mode of",
    "os.chown": "change the owner of",
    "os.chflags": "change the flags of",
    "os.lchmod": "change the mode of",
    "os.lchflags": "change the flags of",
    "os.utime": "change the times of",
    "os.setxattr": "change the attributes of",
    "os.removexattr": "change the attributes of",
    "shutil.rmtree": "remove",
    "shutil.move": "move",
    "shutil.chown": "change the owner of",
}
# The verb for the path that comes with an event.

_PROCESSES: Final = {
    "os.exec": "run the program",
    "os.posix_spawn": "run the program",
    "os.spawn": "run the program",
    "os.startfile": "open with a program",
    "os.startfile/2": "open with a program",
    "webbrowser.open": "open in a browser",
}

_FIXED: Final = {
    "os.fork": "start a process",
    "os.forkpty": "start a process",
    "pty.spawn": "start a process",
    "_winapi.CreateProcess": "start a process",
    "os.kill": "send a signal to a process",
    "os.killpg": "send a signal to a process",
    "_winapi.TerminateProcess": "end a process",
    "_winapi.OpenProcess": "open a process",
    "tempfile.mkstemp": "create a temporary file",
    "tempfile.mkdtemp": "create a temporary folder",
    "os.lockf": "lock a file",
    "fcntl.lockf": "lock a file",
    "fcntl.flock": "lock a file",
    "msvcrt.locking": "lock a file",
    "socket.sendmsg": "send to a socket",
    "syslog.openlog": "write to the system's log",
    "syslog.syslog": "write to the system's log",
    "winreg.SetValue": "change the registry",
    "winreg.CreateKey": "change the registry",
    "winreg.DeleteKey": "change the registry",
    "winreg.DeleteValue": "change the registry",
}

_C_FUNCTIONS: Final = frozenset(
    "system popen fork vfork clone daemon wordexp posix_spawn posix_spawnp".split()  # noqa: SIM905
)
# Functions of the C library that start a process. What else they do is shown by the
# filter of the system, but these block the signal by which it does.


@functools.cache
def _events() -> Mapping[str, Callable[[tuple[Any, ...]], str | None]]:
    """Return by event what tells its attempt: ``None`` if it does not leave the process."""
    found: dict[str, Callable[[tuple[Any, ...]], str | None]] = {
        "open": _opened,
        "sqlite3.connect": _sqlite,
        "subprocess.Popen": lambda a: f"run the program {_program(a[0], a[1])}",
        "os.system": lambda a: f"run the program {_program(None, a[0])}",
        "socket.connect": lambda a: f"connect to {_address(a[1])}",
        "socket.bind": _bound,
        "socket.sendto": lambda a: f"send to {_address(a[1])}",
        "socket.getaddrinfo": lambda a: f"look up the host {_text(a[0])}",
        "socket.gethostbyname": lambda a: f"look up the host {_text(a[0])}",
        "socket.gethostbyaddr": lambda a: f"look up the host {_text(a[0])}",
        "http.client.connect": lambda a: f"connect to {_address(a[1:3])}",
        "ctypes.dlsym": _function,
        "urllib.Request": lambda a: f"request {_url(a[0])}",
    }
    for event, verb in (_PATHS | _PROCESSES).items():
        found[event] = functools.partial(_named, verb)
    for event, what in _FIXED.items():
        found[event] = functools.partial(_fixed, what)
    return found


@contextmanager
def refused(watch: Watch) -> Iterator[None]:
    """Refuse this thread what audit events show.

    :param watch: Where it is noted.
    :raises NotAllowed: Inside, where something is tried.
    """
    local = _hook()
    before = getattr(local, "watch", None)
    local.watch = watch
    try:
        yield
    finally:
        local.watch = before


def refuse_always(watch: Watch) -> None:
    """Refuse every thread of this process what audit events show, to its end.

    :param watch: Where it is noted.
    """
    events = _events()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in events:
            _refuse(watch, events[event](arguments))

    sys.addaudithook(hook)


@functools.cache
def _hook() -> threading.local:
    """Add the one hook of this process; it does nothing in threads without a watch.

    A hook cannot be removed.
    """
    local = threading.local()
    events = _events()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in events:
            watch = getattr(local, "watch", None)
            if watch is not None:
                _refuse(watch, events[event](arguments))

    sys.addaudithook(hook)
    return local


def _refuse(watch: Watch, what: str | None) -> None:
    """Refuse what an event tries, unless that is nothing that leaves the process."""
    if what is not None:
        watch.note(what, 3)
        raise NotAllowed(f"not allowed in a sandbox: {what}")


def _opened(arguments: tuple[Any, ...]) -> str | None:
    path, _, flags = arguments
    if not flags & _WRITES or isinstance(path, int) or _text(path) == os.devnull:
        return None
    return f"open {_text(path)} for writing"


def _bound(arguments: tuple[Any, ...]) -> str | None:
    """Any port reaches nobody: libraries ask for it to see whether there is IPv6."""
    address = arguments[1]
    is_any = isinstance(address, tuple) and len(address) > 1 and address[1] == 0
    return None if is_any else f"listen on {_address(address)}"


def _sqlite(arguments: tuple[Any, ...]) -> str | None:
    path = _text(arguments[0])
    memory = path in ("", ":memory:") or (
        path.startswith("file:") and ("mode=memory" in path or ":memory:" in path)
    )
    return None if memory else f"connect to the SQLite database {path}"


def _function(arguments: tuple[Any, ...]) -> str | None:
    name = _text(arguments[1])
    return f"call {name}() of the C library" if name in _C_FUNCTIONS else None


def _named(verb: str, arguments: tuple[Any, ...]) -> str:
    return f"{verb} {_text(arguments[0])}"


def _fixed(what: str, _arguments: tuple[Any, ...]) -> str:
    return what


def _program(executable: Any, arguments: Any) -> str:
    """Return the name of a program only: its arguments may have a password."""
    first = executable or arguments
    if isinstance(first, (list, tuple)) and first:
        first = first[0]
    words = _text(first).split()
    return os.path.basename(words[0]) if words else "?"


def _address(address: Any) -> str:
    if isinstance(address, tuple) and len(address) > 1:
        return f"{_text(address[0])}:{address[1]}"
    return _text(address)


def _url(url: Any) -> str:
    """Return scheme and host of a URL: anything else may have a password."""
    from urllib.parse import urlsplit

    parts = urlsplit(_text(url))
    return f"{parts.scheme}://{parts.hostname or ''}"


def _text(value: Any) -> str:
    if isinstance(value, (bytes, str, os.PathLike)):
        return os.fsdecode(value)
    return "a file" if isinstance(value, int) else str(value)
