"""Looking at one revision for every server it is meant for."""

from __future__ import annotations

import datetime
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from . import waivers
from .capture import Capture, capture
from .capture.directives import from_directive
from .facts.gathering import gather
from .findings import Finding, merged, ordered
from .revision import RevisionSource
from .rules import RULES
from .servers import Server, server_for
from .settings import Settings
from .view import View

if TYPE_CHECKING:
    from flask_alembic.hooks import LintTarget


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known about the app around a revision."""

    settings: Settings
    app_package: str = ""
    """The top-level package of the app."""

    context: Mapping[str, Any] | None = None
    """``app.config["ALEMBIC_CONTEXT"]``."""

    naming: Any = None
    """Metadata whose naming convention names constraints."""

    today: datetime.date | None = None
    """The day to judge waivers by; ``None`` for today."""


def lint(
    source: RevisionSource,
    dialects: Mapping[str, str],
    subject: Subject,
    *,
    fresh: Container[str] = (),
    target: LintTarget | None = None,
) -> list[Finding]:
    """Return what is wrong with a revision.

    Nothing is executed in any database.

    :param source: The revision's text.
    :param dialects: Per database: the name of its dialect.
    :param subject: What is known about the app.
    :param fresh: Tables that were created earlier in the same run.
    :param target: What the core asked about.
    """
    settings = subject.settings
    found: list[Finding] = []
    complete = True
    for server, dialect, names in _servers(dialects, settings, source):
        captured = _capture(source, dialect, server, names[0], subject)
        if captured.failures and target is not None and target.directive is not None:
            batches = "batch_alter_table(" in source.text
            captured = from_directive(captured, target.directive, batches=batches)
        complete = complete and not (captured.failures or captured.missing)
        view = _view(source, server, captured, subject, fresh, target)
        found += _look(view, names)
        if settings.squawk and server.is_postgresql:
            from .squawk import squawk

            found += squawk(captured, view, settings, found, names)
    found = merged(_adjusted(found, settings))
    today = subject.today or datetime.date.today()
    kept = waivers.apply(source, found, today, complete=complete, off=settings.disable)
    return ordered(_adjusted(kept, settings))


def _servers(
    dialects: Mapping[str, str], settings: Settings, source: RevisionSource
) -> Iterator[tuple[Server, str, tuple[str, ...]]]:
    """Give each server with the databases that are alike in it."""
    groups: dict[tuple[Server, str, str], list[str]] = {}
    takes_name = _takes_name(source)
    for name, dialect in (dialects or {"default": ""}).items():
        version = settings.versions.get(name) or settings.versions.get(dialect)
        server = server_for(dialect, version)
        key = (server, dialect, name if takes_name else "")
        groups.setdefault(key, []).append(name)
    for (server, dialect, _), names in groups.items():
        yield server, dialect, tuple(names)


def _takes_name(source: RevisionSource) -> bool:
    """Return whether ``upgrade()`` wants to know which database it is for."""
    function = source.function("upgrade")
    return function is not None and len(function.args.args) > len(
        function.args.defaults
    )


def _capture(
    source: RevisionSource, dialect: str, server: Server, name: str, subject: Subject
) -> Capture:
    options = {"target_metadata": subject.naming} if subject.naming is not None else {}
    return capture(source, dialect, server, database=name, options=options)


def _view(
    source: RevisionSource,
    server: Server,
    captured: Capture,
    subject: Subject,
    fresh: Container[str],
    target: LintTarget | None,
) -> View:
    context = subject.context or {}
    return View(
        source,
        server,
        gather(captured, "upgrade"),
        gather(captured, "downgrade"),
        fresh=fresh,
        small=subject.settings.small_tables,
        always_autocommit=context.get("transactional_ddl") is False,
        namespace=captured.namespace,
        failures=captured.failures,
        missing=captured.missing,
        target=target,
        app_package=subject.app_package,
        id_length=subject.settings.id_length,
    )


def _look(view: View, databases: tuple[str, ...]) -> Iterator[Finding]:
    """Give what the rules for a server find."""
    family = view.server.family
    for rule in RULES.values():
        if rule.severity_on(family) is not None:
            for hit in rule.check(view):
                yield Finding.of(rule, hit, family=family, databases=databases)


def _adjusted(found: list[Finding], settings: Settings) -> list[Finding]:
    """Leave out rules that are off, and give others the severity that was set."""
    return [
        replace(each, severity=settings.severity.get(each.code, each.severity))
        for each in found
        if each.code not in settings.disable
    ]


def is_unread(
    source: RevisionSource, dialects: Mapping[str, str], subject: Subject
) -> bool:
    """Return whether nothing of ``upgrade()`` could be looked at, on any server.

    :param source: The revision's text.
    :param dialects: Per database: the name of its dialect.
    :param subject: What is known about the app.
    """
    return all(
        _capture(source, dialect, server, names[0], subject).is_unread
        for server, dialect, names in _servers(dialects, subject.settings, source)
    )


def created_tables(
    source: RevisionSource, dialects: Mapping[str, str], subject: Subject
) -> frozenset[str]:
    """Return the tables that a revision creates and leaves.

    :param source: The revision's text.
    :param dialects: Per database: the name of its dialect.
    :param subject: What is known about the app.
    """
    made: frozenset[str] = frozenset()
    for server, dialect, names in _servers(dialects, subject.settings, source):
        captured = _capture(source, dialect, server, names[0], subject)
        made |= _view(source, server, captured, subject, (), None).created
    return made
