"""What there is and where the databases are; nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import CheckFailed, UsageError
from ...hooks import specs
from ...hooks.redaction import shown
from ...runtime.connections import heads_of
from ...runtime.databases import choose
from ...runtime.environment import history_reader, known_history
from ...runtime.invocation import Invocation, invoked
from ...runtime.version_rows import require_known_revisions
from ...script.targets import SYMBOLS, absolute, describe, missing, require

if TYPE_CHECKING:
    from alembic.script import Script

    from ...cli.extension_api import Revision
    from ...runtime.environment import Environment
    from ...script.loader import AppScriptDirectory


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
    :param check_heads: Whether to fail unless all are at every head.
    :raises HistoryError: When a database is at a revision without a file.
    :raises CheckFailed: With ``check_heads``, after the report, which is complete.
    """
    with invoked(
        environment, "current", databases=tuple(databases), check_heads=check_heads
    ) as call:
        view = history_reader(environment)
        heads = heads_of(environment, call.hooks, databases)
        found: dict[str, Script] = {}
        per_database: dict[str, list[str]] = {}
        for name, ids in heads.items():
            # Several rows may exclude each other, which takes the whole history.
            if len(ids) > 1 or not all(id_ in view for id_ in ids):
                require_known_revisions(environment.scripts(), name, ids)
            here = view.current(ids)
            per_database[name] = [script.revision for script in here]
            found.update((script.revision, script) for script in here)
        call.scripts = tuple(found.values())
        wanted = view.real_heads()
        at_head = all(set(ids) == wanted for ids in heads.values())
        call.ok = at_head or not check_heads
        call.data = {"databases": per_database, "at_head": at_head}
    if not call.ok:
        raise CheckFailed(
            "Not every database is at every head.", "Run flask db upgrade."
        )
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
    :param check: Whether to fail where the history ends in several heads; one for each
        labelled branch is meant.
    :raises CheckFailed: With ``check``, after the report, which is complete.
    """
    with invoked(
        environment, "heads", resolve_dependencies=resolve_dependencies, check=check
    ) as call:
        call.scripts = tuple(history_reader(environment).heads(resolve_dependencies))
        if check and len(call.scripts) > 1:
            from ...script.history_checks import head_problems

            call.problems = tuple(head_problems(environment.scripts()))
            call.ok = not call.problems
    for problem in call.problems:
        raise CheckFailed(problem.message, problem.advice)
    return list(call.scripts)


def branches(environment: Environment) -> list[Script]:
    """Return the revisions that more than one other follows.

    :param environment: The app's environment.
    """
    with invoked(environment, "branches") as call:
        call.scripts = tuple(history_reader(environment).branch_points())
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
        whole = history_reader(environment).line(start, end)
        if whole is not None:
            call.scripts = tuple(whole)
            return list(call.scripts)
        scripts = environment.scripts()
        lower = _bound(call, scripts, start)
        upper = _bound(call, scripts, end)
        call.scripts = tuple(_walked(scripts, lower or "base", upper or "heads"))
        return list(call.scripts)


def _walked(scripts: AppScriptDirectory, lower: Any, upper: Any) -> list[Script]:
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


def _bound(call: Any, scripts: AppScriptDirectory, bound: Any) -> Any:
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
    if not text:
        return None
    require(scripts, text)
    return absolute(scripts, text)


def show(environment: Environment, revisions: Any) -> list[Script]:
    """Return the revisions of those names.

    :param environment: The app's environment.
    :param revisions: Ids or the beginnings of some, ``head``, ``heads``,
        ``current``, labels; one or a list.
    :raises RevisionNotFound: When there is none of a name.
    """
    with invoked(environment, "show", revisions=describe(revisions)) as call:
        wanted = revisions if isinstance(revisions, (list, tuple)) else [revisions]
        quickly = history_reader(environment).named(wanted)
        if quickly is not None:
            call.scripts = tuple(quickly)
            return list(call.scripts)
        call.scripts = tuple(named(call, environment.scripts(), wanted))
        return list(call.scripts)


def named(call: Any, scripts: AppScriptDirectory, names: Any) -> list[Script]:
    """Return the revisions of those names, each once.

    :param call: The running command.
    :param scripts: The history.
    :param names: As for :func:`show`.
    :raises RevisionNotFound: When there is none of a name.
    """
    found: dict[str, Script] = {}
    for one in names if isinstance(names, (list, tuple)) else [names]:
        for script in _named(call, scripts, one):
            found[script.revision] = script
    return list(found.values())


def _named(call: Any, scripts: AppScriptDirectory, name: Any) -> list[Script]:
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


def edit(environment: Environment, revision: Revision = "head") -> Path:
    """Open the file of a revision in an editor, and wait until that is closed.

    The event ``files_changed`` is sent when the file is another one then, or gone.

    :param environment: The app's environment.
    :param revision: Its id, the beginning of it, or ``head``.
    :return: The file.
    :raises UsageError: When there is no editor, or not exactly one such revision.
    """
    with invoked(environment, "edit", revision=describe(revision)) as call:
        scripts = named(call, environment.scripts(), revision)
        if len(scripts) != 1:
            raise UsageError(
                f"{shown(describe(revision))} names {len(scripts)} revisions.",
                "Name a single one.",
            )
        call.scripts = tuple(scripts)
        path = Path(scripts[0].path)
        before = path.read_bytes()
        try:
            click.edit(filename=str(path))
        except click.ClickException as error:
            raise UsageError(
                error.message, "Set the environment variable EDITOR."
            ) from error
        if not path.exists():
            _changed(call, removed=(path,))
        elif path.read_bytes() != before:
            _changed(call, changed=(path,))
        return path


def _changed(
    call: Invocation, changed: tuple[Path, ...] = (), removed: tuple[Path, ...] = ()
) -> None:
    call.hooks.event(
        specs.files_changed,
        command="edit",
        created=(),
        changed=changed,
        removed=removed,
    )


def needs_upgrade(environment: Environment) -> bool:
    """Return whether any database is behind the heads of the code.

    One that newer code has upgraded is not behind. Cheap enough for a probe: see
    :func:`flask_alembic.commands.wait.readiness.readiness`.

    :param environment: The app's environment; an app context must be active.
    """
    with invoked(environment, "current") as call:
        heads, known = known_history(environment)
        databases = heads_of(environment, call.hooks)
        return any(
            set(ids) != heads and all(id_ in known for id_ in ids)
            for ids in databases.values()
        )


def database_names(environment: Environment) -> list[str]:
    """Return the names of the databases in declared order.

    :param environment: The app's environment.
    """
    return [database.name for database in choose(environment.databases(), ())]
