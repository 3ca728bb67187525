"""What there is and where the databases are; nothing is changed."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment.databases import choose
from ..environment.translation import shown
from ..errors import UsageError
from .connecting import heads_of
from .invocation import invoked
from .known_rows import require_known
from .relatives import absolute
from .targets import SYMBOLS, describe, missing, require
from .viewing import view_of

if TYPE_CHECKING:
    from alembic.script import Script

    from ..environment.objects import Environment
    from ..environment.scripts import Scripts


def current(
    environment: Environment,
    databases: Sequence[str] = (),
    *,
    check_heads: bool = False,
) -> list[Script]:
    """Return the revisions that the databases are at.

    What a head depends on is left out, as in Alembic.

    :param environment: The app's environment.
    :param databases: Which databases; all for none.
    :param check_heads: Whether the answer is no unless all are at every head.
    :raises HistoryError: When a database is at a revision without a file.
    """
    with invoked(
        environment, "current", databases=tuple(databases), check_heads=check_heads
    ) as call:
        view = view_of(environment)
        heads = heads_of(environment, call.hooks, databases)
        found: dict[str, Script] = {}
        per_database: dict[str, list[str]] = {}
        for name, ids in heads.items():
            # Several rows may exclude each other, which takes the whole history.
            if len(ids) > 1 or not all(id_ in view for id_ in ids):
                require_known(environment.scripts(), name, ids)
            here = view.current(ids)
            per_database[name] = [script.revision for script in here]
            found.update((script.revision, script) for script in here)
        call.scripts = tuple(found.values())
        wanted = view.real_heads()
        at_head = all(set(ids) == wanted for ids in heads.values())
        call.ok = at_head or not check_heads
        call.data = {"databases": per_database, "at_head": at_head}
        return list(call.scripts)


def heads(
    environment: Environment,
    resolve_dependencies: bool = False,
    *,
    check: bool = False,
) -> list[Script]:
    """Return the revisions that no other follows.

    :param environment: The app's environment.
    :param resolve_dependencies: Whether what another depends on is no head.
    :param check: Whether the answer is no where the history ends in several heads;
        one for each labelled branch is meant.
    """
    with invoked(
        environment, "heads", resolve_dependencies=resolve_dependencies, check=check
    ) as call:
        call.scripts = tuple(view_of(environment).heads(resolve_dependencies))
        if check and len(call.scripts) > 1:
            from .mending.files import head_problems

            call.problems = tuple(head_problems(environment.scripts()))
            call.ok = not call.problems
        return list(call.scripts)


def branches(environment: Environment) -> list[Script]:
    """Return the revisions that more than one other follows.

    :param environment: The app's environment.
    """
    with invoked(environment, "branches") as call:
        call.scripts = tuple(view_of(environment).branch_points())
        return list(call.scripts)


def log(
    environment: Environment,
    start: Any = "base",
    end: Any = "heads",
    *,
    indicate_current: bool = False,
) -> list[Script]:
    """Return the revisions in the order in which they run.

    :param environment: The app's environment.
    :param start: Only from this revision on; it is part of the answer. Several
        revisions, ``current`` and relative ones like ``head-3`` are understood.
    :param end: Only up to this revision.
    :param indicate_current: Whether to say where the databases are.
    """
    with invoked(environment, "log", start=describe(start), end=describe(end)) as call:
        if indicate_current:
            heads = heads_of(environment, call.hooks)
            call.data = {"current": {name: list(ids) for name, ids in heads.items()}}
        whole = view_of(environment).line(start, end)
        if whole is not None:
            call.scripts = tuple(whole)
            return list(call.scripts)
        scripts = environment.scripts()
        lower = _bound(call, scripts, start)
        upper = _bound(call, scripts, end)
        call.scripts = tuple(_walked(scripts, lower or "base", upper or "heads"))
        return list(call.scripts)


def _walked(scripts: Scripts, lower: Any, upper: Any) -> list[Script]:
    """Return a range of revisions in the order in which they run."""
    try:
        return list(scripts.walk_revisions(base=lower, head=upper))[::-1]
    except AssertionError:
        # Alembic's walk is lost where only a dependency leads to the lower end.
        whole = list(scripts.walk_revisions(base="base", head=upper))[::-1]
        kept = {one.revision for one in scripts.get_revisions(lower) if one}
        for one in whole:
            parents = {*_ids(one.down_revision), *_ids(one.dependencies)}
            if kept & {*parents, one.revision}:
                kept.add(one.revision)
        return [one for one in whole if one.revision in kept]


def _ids(names: Any) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())


def _bound(call: Any, scripts: Scripts, bound: Any) -> Any:
    """Return one end of a range in Alembic's words."""
    if isinstance(bound, (list, tuple, set, frozenset)):
        return tuple(_bound(call, scripts, one) for one in bound)
    if hasattr(bound, "revision"):
        return bound.revision
    text = str(bound).strip()
    if text == "current":
        ids = {
            id_
            for ids in heads_of(call.environment, call.hooks).values()
            for id_ in ids
        }
        return tuple(sorted(ids)) or None
    if text and text[0] not in "+-":
        require(scripts, text)
        text = absolute(scripts, text)
    return text or None


def show(environment: Environment, revisions: Any) -> list[Script]:
    """Return the revisions of those names.

    :param environment: The app's environment.
    :param revisions: Ids or the beginnings of some, ``head``, ``heads``,
        ``current``, labels; one or a list.
    :raises RevisionNotFound: When there is none of a name.
    """
    with invoked(environment, "show", revisions=describe(revisions)) as call:
        wanted = revisions if isinstance(revisions, (list, tuple)) else [revisions]
        quickly = view_of(environment).named(wanted)
        if quickly is not None:
            call.scripts = tuple(quickly)
            return list(call.scripts)
        call.scripts = tuple(named(call, environment.scripts(), wanted))
        return list(call.scripts)


def named(call: Any, scripts: Scripts, names: Any) -> list[Script]:
    """Return the revisions of those names, each once.

    :param call: The command at work.
    :param scripts: The history.
    :param names: As for :func:`show`.
    :raises RevisionNotFound: When there is none of a name.
    """
    found: dict[str, Script] = {}
    for one in names if isinstance(names, (list, tuple)) else [names]:
        for script in _named(call, scripts, one):
            found[script.revision] = script
    return list(found.values())


def _named(call: Any, scripts: Scripts, name: Any) -> list[Script]:
    if hasattr(name, "revision"):
        return [name]
    text = str(name).strip()
    if not text:
        raise UsageError("The revision is empty.", "Name one by its id.")
    if text == "current":
        all_heads = heads_of(call.environment, call.hooks)
        text_ids = {id_ for ids in all_heads.values() for id_ in ids}
        return [scripts.get_revision(id_) for id_ in sorted(text_ids)]
    require(scripts, text)
    text = absolute(scripts, text)
    found = [script for script in scripts.get_revisions(text) if script is not None]
    if not found and text not in SYMBOLS:
        raise missing(scripts, text)
    return found


def path_of(environment: Environment, revision: str) -> Path:
    """Return the file of a revision, to be opened in an editor.

    :param environment: The app's environment.
    :param revision: Its id, the beginning of it, or ``head``.
    """
    with invoked(environment, "edit", revision=revision) as call:
        found = _named(call, environment.scripts(), revision)
        if len(found) != 1:
            raise UsageError(
                f"{shown(revision)} names {len(found)} revisions.", "Name a single one."
            )
        call.scripts = tuple(found)
        return Path(found[0].path)


def needs_upgrade(environment: Environment) -> bool:
    """Return whether any database is behind the heads of the code.

    One that newer code has upgraded is not behind. Cheap enough for a probe: see
    :func:`flask_alembic.commands.waiting.readiness`.

    :param environment: The app's environment; an app context must be active.
    """
    with invoked(environment, "current") as call:
        heads, known = known_history(environment)
        databases = heads_of(environment, call.hooks)
        return any(
            set(ids) != heads and all(id_ in known for id_ in ids)
            for ids in databases.values()
        )


def known_history(environment: Environment) -> tuple[frozenset[str], Container[str]]:
    """Return the heads and all ids of the code, from the index if it can tell.

    :param environment: The app's environment.
    :raises HistoryError: When the files make no history.
    """
    view = view_of(environment, cheap=True)
    return view.real_heads(), view


def database_names(environment: Environment) -> list[str]:
    """Return the names of the databases in declared order.

    :param environment: The app's environment.
    """
    return [database.name for database in choose(environment.databases(), ())]
