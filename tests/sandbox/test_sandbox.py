"""What runs in a sandbox changes nothing; what it tried is noted with the place.

Each way to reach something is tried in ``contrib/lint/tests/test_reach.py``.
"""

from __future__ import annotations

import ctypes
import os
import socket
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flask_alembic.sandbox import NotAllowed, Sandbox, SandboxEnded, Watch

Function = Callable[[Any, Watch], Any]


def answer(function: Function, request: Any = None) -> Any:
    with Sandbox(function, seconds=20) as sandbox:
        return sandbox.call(request)


def remove(path: str, watch: Watch) -> tuple[str, list[tuple[str, int | None]]]:
    """Try to remove a file, and return what came of it."""
    try:
        os.remove(path)
    except OSError as error:
        outcome = type(error).__name__
    else:
        outcome = "removed"
    return outcome, [(a.what, a.line_in(__file__)) for a in watch.attempts]


REMOVES = remove.__code__.co_firstlineno + 3


@pytest.fixture(params=["kernel", "python"])
def sandboxed(request, monkeypatch):
    """The sandbox of this system, and that of one without a filter."""
    if request.param == "python":
        monkeypatch.setattr(Sandbox, "_start", lambda _: None)
    return request.param


def test_an_attempt_is_refused_and_noted(tmp_path, sandboxed):
    path = tmp_path / "kept"
    path.touch()
    found = answer(remove, str(path))
    assert found == ("NotAllowed", [(f"remove {path}", REMOVES)])
    assert path.exists()


def test_it_says_whether_it_sees_compiled_code(sandboxed):
    complete = answer(lambda _, watch: watch.is_complete)
    assert complete is (sandboxed == "kernel")


def test_what_the_function_raises_is_raised(sandboxed):
    with pytest.raises(ZeroDivisionError, match="division"):
        answer(lambda *_: 1 / 0)


def test_compiled_code_is_refused(tmp_path):
    path = tmp_path / "kept"
    path.touch()

    def unlink(library: Any, watch: Watch) -> tuple[int, list[str]]:
        found = ctypes.CDLL(None).unlink(os.fsencode(path))
        return found, [attempt.what for attempt in watch.attempts]

    assert answer(unlink) == (-1, ["remove a file"])
    assert path.exists()


def test_one_process_serves_until_something_is_tried(tmp_path):
    def pid(path: str, watch: Watch) -> int:
        if path:
            remove(path, watch)
        return os.getpid()

    with Sandbox(pid) as sandbox:
        first, second = sandbox.call(""), sandbox.call("")
        third, fourth = sandbox.call(str(tmp_path / "x")), sandbox.call("")
    assert first == second == third != fourth
    assert os.getpid() not in (first, fourth)
    for ended in (first, fourth):
        with pytest.raises(ProcessLookupError):
            os.kill(ended, 0)


def test_descriptors_of_the_parent_lead_nowhere(tmp_path, capfd):
    path = tmp_path / "written"
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    def write(_: None, watch: Watch) -> int:
        with pytest.raises(OSError, match="Bad file"):
            os.write(opened.fileno(), b"x")
        with pytest.raises(OSError, match="non-socket"):
            theirs.send(b"x")
        return os.write(1, b"lost")

    with path.open("wb") as opened, ours, theirs:
        assert answer(write) == 4
        with pytest.raises(BlockingIOError):
            ours.recv(1)
    assert path.read_bytes() == b""
    assert capfd.readouterr() == ("", "")


def test_a_thread_and_a_handler_of_the_exit_are_waited_for(tmp_path):
    path = tmp_path / "kept"
    path.touch()

    def start(_: None, watch: Watch) -> list[str]:
        import atexit

        atexit.register(os.chmod, path, 0)
        threading.Thread(target=os.remove, args=[path]).start()
        assert watch.settle()
        return sorted(attempt.what for attempt in watch.attempts)

    assert answer(start) == [f"change the mode of {path}", f"remove {path}"]
    assert path.exists()


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda *_: os._exit(0), "the process was ended"),
        (lambda *_: ctypes.string_at(0), "ended by SIGSEGV"),
        (lambda *_: threading.Event().wait(), "no end after 0.2 seconds"),
    ],
)
def test_a_process_that_gives_no_answer(function, message):
    with Sandbox(function, seconds=0.2) as sandbox:
        with pytest.raises(SandboxEnded, match=message):
            sandbox.call(None)
        with pytest.raises(SandboxEnded, match=message):
            sandbox.call(None)


def test_an_answer_that_cannot_be_sent_is_an_error():
    with pytest.raises(TypeError, match="cannot be pickled"):
        answer(lambda *_: lambda: None)


def test_other_threads_do_not_disturb(tmp_path):
    """Python warns of a fork while there are some; they are not in the new process."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert answer(lambda *_: threading.active_count()) == 1
    finally:
        done.set()
        thread.join()


def test_without_a_filter_only_the_caller_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Sandbox, "_start", lambda _: None)

    def elsewhere(_: None, watch: Watch) -> list[str]:
        thread = threading.Thread(target=lambda: (tmp_path / "other").touch())
        thread.start()
        thread.join()
        with pytest.raises(NotAllowed):
            (tmp_path / "own").write_text("x")
        return [attempt.what for attempt in watch.attempts]

    assert answer(elsewhere) == [f"open {tmp_path / 'own'} for writing"]
    (tmp_path / "afterwards").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["afterwards", "other"]


def test_a_kernel_that_does_not_allow_a_filter(monkeypatch):
    def confine(watch: Watch) -> None:
        raise OSError("not permitted")

    monkeypatch.setattr("flask_alembic.sandbox.worker.confine", confine)
    with Sandbox(lambda _, watch: (os.getpid(), watch.is_complete)) as sandbox:
        assert sandbox.call(None) == (os.getpid(), False)


def test_no_password_is_noted():
    import subprocess
    import urllib.request

    def reach(_: None, watch: Watch) -> list[str]:
        for call in (
            lambda: urllib.request.urlopen("http://me:secret@localhost/?key=secret"),
            lambda: subprocess.run(["/bin/echo", "--password=secret"]),
            lambda: subprocess.run("echo secret", shell=True),
        ):
            with pytest.raises(NotAllowed):
                call()
        return [attempt.what for attempt in watch.attempts]

    assert answer(reach) == [
        "request http://localhost",
        "run the program echo",
        "run the program sh",
    ]


def test_bytecode_is_not_written(tmp_path, monkeypatch):
    Path(tmp_path, "never_imported_before.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)

    def load(_: None, watch: Watch) -> tuple[int, list[object]]:
        import never_imported_before

        return never_imported_before.VALUE, list(watch.attempts)

    assert answer(load) == (1, [])
    assert [path.name for path in tmp_path.iterdir()] == ["never_imported_before.py"]
