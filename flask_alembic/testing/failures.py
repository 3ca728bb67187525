"""How a test fails on what a revision did: with what to fix, not with frames of ours."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NoReturn, TypeVar

import pytest

from ..errors import AlembicError, MigrationFailed

T = TypeVar("T")

_LIBRARIES = map(sysconfig.get_path, ("stdlib", "purelib", "platlib"))
_FOLDERS = tuple(
    os.path.join(os.path.realpath(folder), "")
    for folder in (str(Path(__file__).parent.parent), *_LIBRARIES)
)


def fail(message: str) -> NoReturn:
    """Fail a test with a message for the author of the revisions.

    :param message: The message.
    """
    # What was raised before is part of the message, where it matters.
    raise pytest.fail.Exception(message, pytrace=False) from None


@contextmanager
def describe() -> Iterator[None]:
    """Fail with the message of an error alone: it names file, line and statement."""
    from ..runtime.error_translation import translated

    try:
        with translated():
            yield
    except AlembicError as error:
        fail(describe_failure(error))


def describe_failure(error: AlembicError) -> str:
    """Return what a test says about an error.

    What to do with the database of a failed run is left out: this one is dropped.

    :param error: The error.
    """
    return error.message if isinstance(error, MigrationFailed) else str(error)


def shortly(work: Callable[[], T]) -> T:
    """Call a function; leave the frames of libraries out of an error.

    So those of tests and revisions stand out. The error goes on, with its causes: a
    test may expect it.

    :param work: What to call.
    :return: What it returns.
    """
    from ..runtime.error_translation import translated

    __tracebackhide__ = True
    try:
        with translated():
            return work()
    except AlembicError as error:
        for cause in _causes(error):
            cause.__traceback__ = _own_frames(cause.__traceback__)
        raise error.with_traceback(None)  # noqa: B904 -- it has its cause


def _causes(error: BaseException) -> Iterator[BaseException]:
    while True:
        cause = error.__cause__ or error.__context__
        if cause is None:
            return
        yield cause
        error = cause


def _own_frames(traceback: TracebackType | None) -> TracebackType | None:
    if traceback is None:
        return None
    rest = _own_frames(traceback.tb_next)
    frame = traceback.tb_frame
    if os.path.realpath(frame.f_code.co_filename).startswith(_FOLDERS):
        return rest
    return TracebackType(rest, frame, traceback.tb_lasti, traceback.tb_lineno)
