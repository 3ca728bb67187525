"""Signals as they are sent, kept in a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from flask import Flask


class RecordedSignal(NamedTuple):
    """A signal that was sent.

    .. versionadded:: 4.0
    """

    name: str
    """Its name in Python: ``before_upgrade``."""

    app: Flask
    """Who sent it."""

    arguments: Mapping[str, Any]
    """What else its receivers got."""

    def __getattr__(self, name: str) -> Any:
        """Return an argument: ``recorded[0].run``."""
        try:
            return self.arguments[name]
        except KeyError:
            raise AttributeError(
                f"{self.name} has no argument {name!r}; it has "
                f"{', '.join(self.arguments)}"
            ) from None


class RecordedSignals(list[RecordedSignal]):
    """All signals in the order in which they were sent.

    .. versionadded:: 4.0
    """

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [each.name for each in self]

    def of(self, *names: str) -> list[RecordedSignal]:
        """Return only those of some names.

        :param names: Names as in :mod:`flask_alembic.signals`.
        :raises KeyError: When there is no signal of a name.
        """
        from ..hooks.signals import SIGNALS

        for name in names:
            if name not in SIGNALS:
                raise KeyError(
                    f"{name!r} is not a signal; there is {', '.join(SIGNALS)}"
                )
        return [each for each in self if each.name in names]


@contextmanager
def recording(app: Flask | None = None) -> Iterator[RecordedSignals]:
    """Record every signal.

    :param app: Only what this app sends; of every app by default.

    .. versionadded:: 4.0
    """
    from blinker import ANY

    from ..hooks.signals import SIGNALS

    recorded = RecordedSignals()

    def receive(name: str, sender: Any, /, **arguments: Any) -> None:
        recorded.append(RecordedSignal(name, sender, arguments))

    with ExitStack() as stack:
        for name, signal in SIGNALS.items():
            receiver = partial(receive, name)
            sender: Any = ANY if app is None else app
            signal.connect(receiver, sender=sender, weak=False)
            stack.callback(signal.disconnect, receiver, sender=sender)
        yield recorded
