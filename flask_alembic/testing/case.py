"""One revision applied to rows: what is there before it, and what it makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from .database import MigrationDatabase
from .failures import shortly

if TYPE_CHECKING:
    from alembic.script import Script
    from flask import Flask

    from ..hooks import RunResult


class MigrationCase(MigrationDatabase):
    """A database right before a revision, and the revision itself.

    ::

        def test_names_are_split(migration_case):
            case = migration_case("1a2b")
            case.insert("person", {"id": 1, "name": "Ada Lovelace"})
            case.upgrade()
            assert case.rows("person") == [{"id": 1, "first": "Ada", "last": "Lovelace"}]
            case.downgrade()
            assert case.rows("person") == [{"id": 1, "name": "Ada Lovelace"}]

    :param app: The app, which uses these databases now.
    :param script: The revision.

    .. versionadded:: 4.0
    """

    def __init__(self, app: Flask, script: Script) -> None:
        super().__init__(app)
        self.script = script

    @property
    def revision(self) -> str:
        """The id of the revision."""
        return self.script.revision

    def upgrade(self) -> RunResult:
        """Run the revision's ``upgrade()``; nothing else.

        :return: What was done.
        :raises MigrationFailed: When it failed.
        """
        __tracebackhide__ = True
        return self._step(up=True)

    def downgrade(self) -> RunResult:
        """Run the revision's ``downgrade()``; nothing else.

        :return: What was done.
        :raises MigrationFailed: When it failed.
        """
        __tracebackhide__ = True
        return self._step(up=False)

    def _step(self, *, up: bool) -> RunResult:
        from .database import step

        scripts = self.scripts()
        there = any(self._is_there(name) for name in self.names)
        if there is up:
            done, word = ("up", "downgrade()") if up else ("down", "upgrade()")
            raise UsageError(
                f"Revision {self.revision} is {done} already.",
                f"Call {word} of the case first.",
            )
        __tracebackhide__ = True
        plan = step(scripts, self.revision, up=up)
        with self.app.app_context():
            return shortly(lambda: self.alembic.run_migrations(plan))

    def _is_there(self, database: str) -> bool:
        from .database import ancestors

        scripts = self.scripts()
        heads = self.current(database)
        return any(self.revision in ancestors(scripts, head) for head in heads)


def parents(script: Script) -> list[str]:
    """Return where a database is right before a revision; empty for base.

    :param script: The revision.
    """
    from alembic.util import to_tuple

    return [
        *to_tuple(script.down_revision, default=()),
        *to_tuple(script.dependencies, default=()),
    ]
