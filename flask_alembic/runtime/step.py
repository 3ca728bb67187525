"""Safe points of a revision: ``with flask_alembic.step("copy rows"):``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from ..errors import UsageError
from .revision_recorder import StepSkipped

if TYPE_CHECKING:
    from .revision_recorder import RevisionRecorder

_LONGEST: Final = 200

P = ParamSpec("P")
T = TypeVar("T")

_recorder: ContextVar[RevisionRecorder | None] = ContextVar("recorder", default=None)
"""Of the revision that runs in this context, if its statements are recorded."""


@contextmanager
def recorded_by(recorder: RevisionRecorder | None) -> Iterator[None]:
    """Let the steps inside be those of a revision.

    :param recorder: What records it; ``None`` where nothing is recorded.
    """
    token = _recorder.set(recorder)
    try:
        yield
    finally:
        _recorder.reset(token)


class RevisionStep:
    """A part of a revision that is resumed as a whole; made by :func:`step`.

    :param name: What is done.

    .. versionadded:: 4.0
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_completed = False
        """Whether an earlier run has completed it: its block is skipped."""
        self._entered: RevisionRecorder | None = None

    def __enter__(self) -> RevisionStep:
        self._entered = _recorder.get()
        self.is_completed = False
        if self._entered is not None:
            self.is_completed = self._entered.enter_step(self.name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        entered, self._entered = self._entered, None
        if entered is None:
            return False
        entered.leave_step(error)
        return self.is_completed and isinstance(error, StepSkipped)

    def __call__(self, function: Callable[P, T]) -> Callable[P, T | None]:
        """Return a function whose call is the step.

        :param function: What the step does.
        """

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T | None:
            with RevisionStep(self.name) as entered:
                if not entered.is_completed:
                    return function(*args, **kwargs)
            return None

        return call


def step(name: str) -> RevisionStep:
    """Mark a part of a revision that is resumed as a whole.

    Inside ``upgrade()`` or ``downgrade()``, where a database commits DDL as it goes (MySQL,
    MariaDB)::

        with flask_alembic.step("copy rows"):
            while op.get_bind().execute(copy_a_thousand).rowcount:
                pass

    At the end of the step its work is committed and recorded. When the revision fails
    later and is resumed (``flask db upgrade --resume``), a step that is completed is
    skipped: the block is left at its first statement. A step that is not is run from its
    start: what it has committed before stays, so it must be able to run again. Inside of
    it, results may be read.

    Elsewhere it does nothing: the transaction of the run, and its rollback, are as without
    it.

    As a decorator it skips the whole call, which then returns ``None``::

        @flask_alembic.step("copy rows")
        def copy_rows(): ...

    :param name: What is done, for messages; up to 200 characters.
    :raises UsageError: When the name is empty or too long, and for a step that begins
        inside another one.

    .. versionadded:: 4.0
    """
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST:
        raise UsageError(
            f"The name of a step is a text of 1 to {_LONGEST} characters, not {name!r}.",
            'Write what it does: with flask_alembic.step("copy rows"):',
        )
    return RevisionStep(name)
