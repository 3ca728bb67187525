"""Moving databases to a revision, whichever way it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

    from ..environment.scripts import Scripts
    from ..extension import Alembic
    from ..hooks import RunResult


def move(alembic: Alembic, target: Any, options: Mapping[str, Any]) -> list[RunResult]:
    """Upgrade or downgrade, for each target whichever it takes.

    :param alembic: The extension; an app context must be active.
    :param target: Where to; relative ones keep their sign.
    :param options: As for ``upgrade``.
    :return: The runs that did something.
    """
    targets = [target] if isinstance(target, (str, int)) else list(target or ["base"])
    made = [_way(alembic, str(each))(each, **options) for each in targets]
    return [result for result in made if result.applied]


def _way(alembic: Alembic, target: str) -> Callable[..., RunResult]:
    if target == "base" or target.endswith("@base") or "-" in target:
        return alembic.downgrade
    if target.endswith(("head", "heads")) or "+" in target:
        return alembic.upgrade
    scripts = alembic.script_directory
    present: set[str] = set()
    for script in alembic.current():
        present |= ancestors(scripts, script.revision)
    wanted = {script.revision for script in alembic.show(target)}
    return alembic.downgrade if wanted <= present else alembic.upgrade


def ancestors(scripts: ScriptDirectory, revision: str) -> set[str]:
    """Return the ids of a revision and of all that it comes after or depends on.

    :param scripts: The history.
    :param revision: The id of the revision.
    """
    from alembic.util import to_tuple

    found: set[str] = set()
    waiting = [revision]
    while waiting:
        script = scripts.get_revision(waiting.pop())
        if script is None or script.revision in found:
            continue
        found.add(script.revision)
        waiting += to_tuple(script.down_revision, default=())
        waiting += to_tuple(script.dependencies, default=())
    return found


def step(scripts: Scripts, revision: str, *, up: bool) -> Callable[..., Any]:
    """Return a plan of one step, for :meth:`flask_alembic.Alembic.run_migrations`.

    A target would do for a chain; where there are branches, a downgrade to the parent
    of one takes back its siblings too.

    :param scripts: The history.
    :param revision: The id of the revision.
    :param up: Which way.
    """
    from alembic.runtime.migration import MigrationStep

    def plan(heads: Any, context: Any) -> list[MigrationStep]:
        script: Any = scripts.get_revision(revision)
        make = (
            MigrationStep.upgrade_from_script
            if up
            else MigrationStep.downgrade_from_script
        )
        return [make(scripts.revision_map, script)]

    return plan
