"""What the doctor finds, each with the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...hooks.payloads import Problem


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a history or a database.

    .. versionadded:: 4.0
    """

    code: str
    """A short, stable name: ``narrow-column``."""

    message: str
    """What is wrong and how that comes about."""

    command: str
    """What to type to mend it."""

    database: str | None = None
    """The database; ``None`` when it is about the revision files."""

    advice: str = ""
    """What to know before typing it."""

    fixable: bool = False
    """Whether ``doctor --fix`` mends it."""

    done: tuple[str, ...] = ()
    """What ``doctor --fix`` did, statement by statement."""

    @property
    def fixed(self) -> bool:
        """Whether it was mended."""
        return bool(self.done)

    def mended(self, done: tuple[str, ...]) -> Finding:
        """Return it as mended.

        :param done: What was done.
        """
        return replace(self, done=done)

    def problem(self) -> Problem:
        """Return it as others report what they find."""
        return Problem(
            self.code,
            self.message,
            "info" if self.fixed else "error",
            database=self.database,
            advice=" ".join(
                filter(None, [self.advice, f"Mend it with: {self.command}"])
            )
            if not self.fixed
            else "; ".join(self.done),
        )
