"""Looking at one revision for every server it is meant for."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from flask_alembic.sandbox import Sandbox, SandboxEnded, Watch

from . import waivers
from .capture import Capture, Failure, capture, unread_capture
from .capture.directives import from_directive
from .capture.proxies import LOCK, clear
from .facts.gathering import gather
from .findings import Finding, merged, ordered
from .revision import RevisionSource
from .rules import RULES
from .servers import Server, server_for
from .settings import Settings
from .view import View

if TYPE_CHECKING:
    from flask_alembic.hooks import LintTarget

    from .squawk import SqlScript


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


@dataclass(frozen=True, slots=True)
class Request:
    """A revision to be looked at."""

    source: RevisionSource
    dialects: Mapping[str, str]
    """Per database: the name of its dialect."""

    fresh: frozenset[str] = frozenset()
    """Tables that were created earlier in the same run."""

    target: LintTarget | None = None
    """What the core asked about."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a revision in the sandbox."""

    findings: tuple[Finding, ...] = ()
    """What the rules found, per server."""

    is_complete: bool = True
    """Whether all of it could be looked at."""

    is_unread: bool = True
    """Whether nothing of ``upgrade()`` could be looked at, on any server."""

    created: frozenset[str] = frozenset()
    """The tables that it creates and leaves."""

    scripts: tuple[SqlScript, ...] = ()
    """What is to be given to squawk."""


class Linter:
    """Looks at revisions, in a sandbox that serves all of them.

    :param subject: What is known about the app.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._sandbox = Sandbox(functools.partial(_look_in_sandbox, subject))

    def __enter__(self) -> Linter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process of the sandbox; a further revision begins a new one."""
        self._sandbox.close()

    def lint(
        self,
        source: RevisionSource,
        dialects: Mapping[str, str],
        *,
        fresh: Iterable[str] = (),
        target: LintTarget | None = None,
    ) -> list[Finding]:
        """Return what is wrong with a revision.

        :param source: The revision's text.
        :param dialects: Per database: the name of its dialect.
        :param fresh: Tables that were created earlier in the same run.
        :param target: What the core asked about.
        """
        settings = self.subject.settings
        look = self._look(Request(source, dialects, frozenset(fresh), target))
        found = list(look.findings)
        for script in look.scripts:
            from .squawk import squawk

            found += squawk(script, settings)
        found = merged(_adjusted(found, settings))
        today = self.subject.today or datetime.date.today()
        kept = waivers.apply(
            source, found, today, complete=look.is_complete, off=settings.disable
        )
        return ordered(_adjusted(kept, settings))

    def is_unread(self, source: RevisionSource, dialects: Mapping[str, str]) -> bool:
        """Return whether nothing of ``upgrade()`` could be looked at, on any server.

        :param source: The revision's text.
        :param dialects: Per database: the name of its dialect.
        """
        return self._look(Request(source, dialects)).is_unread

    def created_tables(
        self, source: RevisionSource, dialects: Mapping[str, str]
    ) -> frozenset[str]:
        """Return the tables that a revision creates and leaves.

        :param source: The revision's text.
        :param dialects: Per database: the name of its dialect.
        """
        return self._look(Request(source, dialects)).created

    def _look(self, request: Request) -> Look:
        """Look at a revision in the sandbox."""
        _load()
        target = request.target
        try:
            # No other thread may be inside a capture when the process is forked.
            with LOCK:
                if target is None or target.directive is None:
                    return self._sandbox.call(_sent(request))
                # Operations cannot be sent, but a process of its own has them.
                function = functools.partial(_look_at, request, self.subject)
                with Sandbox(function) as sandbox:
                    return sandbox.call(None)
        except SandboxEnded as error:
            failure = Failure(None, None, str(error))
            watch = Watch()
            return look(request, self.subject, watch, (failure,))


def lint(
    source: RevisionSource,
    dialects: Mapping[str, str],
    subject: Subject,
    *,
    fresh: Iterable[str] = (),
    target: LintTarget | None = None,
) -> list[Finding]:
    """Return what is wrong with one revision; see :meth:`Linter.lint`.

    :param source: The revision's text.
    :param dialects: Per database: the name of its dialect.
    :param subject: What is known about the app.
    :param fresh: Tables that were created earlier in the same run.
    :param target: What the core asked about.
    """
    with Linter(subject) as linter:
        return linter.lint(source, dialects, fresh=fresh, target=target)


def _sent(request: Request) -> Request:
    """Return a request without what cannot be sent to another process."""
    target = request.target
    source = request.source
    return Request(
        RevisionSource(source.revision, source.text, source.path),
        dict(request.dialects),
        request.fresh,
        None
        if target is None
        else replace(target, script=None, dialects=dict(target.dialects)),
    )


def _load() -> None:
    """Import what looking needs, so that no process of a sandbox does it again."""
    for module in (
        *("alembic.autogenerate.render", "alembic.operations.ops"),
        *("alembic.runtime.environment", "sqlalchemy.orm", "sqlglot.dialects"),
    ):
        import_module(module)


def _look_in_sandbox(subject: Subject, request: Request, watch: Watch) -> Look:
    if watch.is_complete:
        clear()  # what a migration of the parent has put there
    return look(request, subject, watch)


def _look_at(request: Request, subject: Subject, _: None, watch: Watch) -> Look:
    return _look_in_sandbox(subject, request, watch)


def look(
    request: Request, subject: Subject, watch: Watch, failures: tuple[Failure, ...] = ()
) -> Look:
    """Run a revision in a sandbox, and return what the rules find.

    :param request: The revision.
    :param subject: What is known about the app.
    :param watch: Of the sandbox in which it is called.
    :param failures: Why it cannot be run, if it cannot.
    """
    settings, target, source = subject.settings, request.target, request.source
    findings: list[Finding] = []
    scripts: list[SqlScript] = []
    complete, unread, created = True, True, frozenset[str]()
    for server, dialect, names in _servers(request.dialects, settings, source):
        if failures:
            captured = unread_capture(dialect, server, failures)
        else:
            captured = _capture(source, dialect, server, names[0], subject, watch)
        unread = unread and captured.is_unread
        if captured.failures and target is not None and target.directive is not None:
            batches = "batch_alter_table(" in source.text
            captured = from_directive(captured, target.directive, batches=batches)
        complete = complete and captured.is_complete
        view = _view(source, server, captured, subject, request.fresh, target)
        found = list(_look(view, names))
        findings += found
        created |= view.created
        if settings.squawk and server.is_postgresql:
            from .squawk import sql_script

            scripts.append(sql_script(captured, view, findings, names))
    return Look(tuple(findings), complete, unread, created, tuple(scripts))


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
    source: RevisionSource,
    dialect: str,
    server: Server,
    name: str,
    subject: Subject,
    watch: Watch,
) -> Capture:
    options = {"target_metadata": subject.naming} if subject.naming is not None else {}
    return capture(source, dialect, server, watch, database=name, options=options)


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
        unwatched=captured.unwatched,
        refusals=captured.refusals,
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
