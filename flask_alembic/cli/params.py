"""What the shell offers: revisions, branches, databases, hooks, plugins, formats.

Revisions come from the index of the history: Alembic is not imported and no revision
file is executed, so that pressing the tab key is quick with thousands of revisions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem
from flask.cli import ScriptInfo

from ..hooks.redaction import headline

if TYPE_CHECKING:
    from ..runtime.environment import Environment
    from ..script.records import RevisionRecord

    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType

SYMBOLS = {
    "head": "the only head",
    "heads": "all heads",
    "base": "before the first revision",
    "current": "where the databases are",
}
"""Names that stand for revisions."""


class Offered(ParamType):
    """A text parameter for which the shell offers values."""

    name = "text"

    def offers(self, environment: Environment) -> Iterable[tuple[str, str]]:
        """Return values, each with a word of help.

        :param environment: The app's environment; an app context is active.
        """
        raise NotImplementedError

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return what begins with what was typed; nothing if the app fails."""
        try:
            return self._complete(ctx, incomplete)
        except Exception:
            # The shell has nowhere to show an error; the command itself will.
            return []

    def _complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        info = ctx.find_object(ScriptInfo) or ScriptInfo()
        app = info.load_app()
        environment: Environment = app.extensions["alembic"].environment_for(app)
        with app.app_context():
            offered = list(self.offers(environment))
        before, begun = self.split(incomplete)
        return [
            CompletionItem(before + value, help=text)
            for value, text in offered
            if value.startswith(begun)
        ]

    def split(self, incomplete: str) -> tuple[str, str]:
        """Return what is there already, and what a value has to begin with.

        :param incomplete: What was typed.
        """
        return "", incomplete


class RevisionType(Offered):
    """The id of a revision, a symbol, or a branch's head."""

    name = "revision"

    def offers(self, environment: Environment) -> Iterable[tuple[str, str]]:
        """Return symbols, branch heads and ids, the newest files last."""
        yield from SYMBOLS.items()
        labels: dict[str, None] = {}
        for record in _records(environment):
            labels.update(dict.fromkeys(record.branch_labels))
            yield record.revision, headline(record.doc)
        for label in labels:
            yield f"{label}@head", f"the head of branch {label}"


class RevisionRangeType(RevisionType):
    """Two revisions with a colon between them."""

    def split(self, incomplete: str) -> tuple[str, str]:
        """Return the first revision with the colon, and the beginning of the second.

        bash takes words apart at colons, so there only the first one is offered.

        :param incomplete: What was typed.
        """
        start, colon, end = incomplete.rpartition(":")
        return start + colon, end


class BranchType(Offered):
    """The label of a branch."""

    name = "branch"

    def offers(self, environment: Environment) -> Iterable[tuple[str, str]]:
        """Return the labels that revisions give, and those of configured folders."""
        for record in _records(environment):
            for label in record.branch_labels:
                yield label, headline(record.doc)
        for branch, path in environment.locations.others:
            if branch is not None:
                yield branch, str(path)


class DatabaseType(Offered):
    """The name of a database."""

    def offers(self, environment: Environment) -> Iterable[tuple[str, str]]:
        """Return the databases, with what kind each is."""
        for name, database in environment.databases().items():
            yield name, database.engine.dialect.name


class HookName(Offered):
    """The name of a hook."""

    def offers(self, environment: Environment) -> Iterable[tuple[str, str]]:
        """Return the hooks with the first line of their documentation."""
        for name, spec in environment.registry.specs.items():
            yield name, (spec.__doc__ or "").splitlines()[0]


class PluginName(Offered):
    """The name of a plugin."""

    def offers(self, environment: Environment) -> Iterable[tuple[str, str]]:
        """Return the plugins with the distribution of each."""
        for record in environment.registry.records:
            yield record.name, record.origin or record.source


class FormatName(Offered):
    """The name of a format."""

    def offers(self, environment: Environment) -> Iterable[tuple[str, str]]:
        """Return the formats of every command, with what each is."""
        from .output import formats_of

        yield "table", "text for people"
        for name, (_, offered) in formats_of(environment).items():
            yield name, offered.help


def _records(environment: Environment) -> list[RevisionRecord]:
    from ..script.records import RevisionRecord

    scripts: tuple[Any, ...] = environment.index.scan().scripts
    return [script for script in scripts if isinstance(script, RevisionRecord)]


REVISION = RevisionType()
RANGE = RevisionRangeType()
BRANCH = BranchType()
DATABASE = DatabaseType()
HOOK = HookName()
PLUGIN = PluginName()
FORMAT = FormatName()

_scratch_url = click.option(
    "--scratch-url",
    metavar="URL",
    help="Where to create scratch databases; beside the live one by default.",
)
_ignore = click.option(
    "--ignore",
    multiple=True,
    metavar="PATTERN",
    help="Ignore objects with matching names, like celery_*; may be repeated.",
)
