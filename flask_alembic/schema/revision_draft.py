"""A revision file made from operations that are known already, not from models."""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.alembic_options import is_true
from ..errors import DatabaseError, Refused, ScriptLocationError, TemplateError
from ..hooks import specs
from ..hooks.payloads import LintTarget, RevisionRequest
from ..runtime.linter import refuse_errors
from ..script.header import insert_behind
from ..script.loader import (
    AppScriptDirectory,
    IndexedScriptDirectory,
    open_scripts,
    write_new,
)
from ..script.source_analysis import SQUASHES
from ..script.validator import check_history
from .autogenerate import revision_context

if TYPE_CHECKING:
    from alembic.operations.ops import DowngradeOps, MigrationScript, UpgradeOps
    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script

    from ..runtime.environment import Environment
    from ..runtime.invocation import Invocation
    from .scratch_database import ScratchDatabase


class Content:
    """What a revision does in one database.

    :param context: The context of the database; its dialect decides how it is written.
    :param upgrade: The operations of ``upgrade()``.
    :param downgrade: The operations of ``downgrade()``.
    """

    def __init__(
        self, context: MigrationContext, upgrade: UpgradeOps, downgrade: DowngradeOps
    ) -> None:
        self.context = context
        self.upgrade = upgrade
        self.downgrade = downgrade


def draft(
    call: Invocation,
    scripts: HistoryOverlay,
    request: RevisionRequest,
    id_: str,
    contents: Mapping[str, Content],
    *,
    force: bool = False,
) -> Script:
    """Write a draft of a revision; nobody is told yet.

    :param call: The running command.
    :param scripts: The history that it goes into.
    :param request: What it is; its ``path`` is the desk.
    :param id_: Its id.
    :param contents: What it does, by database.
    :param force: Whether to write it in spite of lint errors.
    :raises CheckFailed: When a linter finds errors.
    """
    environment = call.environment
    several = len(environment.databases()) > 1
    names = iter(contents)

    def fill(script: MigrationScript) -> None:
        content = contents[next(names)]
        script.upgrade_ops_list[-1].ops = content.upgrade.ops
        script.downgrade_ops_list[-1].ops = content.downgrade.ops

    drafting = revision_context(environment, scripts, request, id_, fill)
    for name, content in contents.items():
        content.context.opts["render_item"] = _rendering(environment, content.context)
        content.context.opts["flask_alembic_draft"] = True  # complete as it is
        if several:
            content.context.opts["upgrade_token"] = f"{name}_upgrades"
            content.context.opts["downgrade_token"] = f"{name}_downgrades"
        drafting.run_no_autogenerate((), content.context)
    scripts.before_write = lambda revision, source, path: refuse_errors(
        call,
        LintTarget(revision, None, source),
        "Fix what it is about, or use --force.",
        force=force,
    )
    try:
        written = [script for script in drafting.generate_scripts() if script]
    finally:
        scripts.before_write = None
    if len(written) != 1:
        raise TemplateError(
            f"A plugin made {len(written)} revisions of one.",
            "Disable what changes revisions in process_revision_directives for this.",
        )
    return written[0]


def _rendering(
    environment: Environment, context: MigrationContext
) -> Callable[..., Any]:
    """Return how types are written: as the app or the kind of database wants it."""
    own = context.opts.get("render_item")
    backend = environment.backends.backend_for(context.dialect)

    def render_item(type_: str, object: Any, autogen_context: Any) -> Any:
        text = backend.render_type(object) if type_ == "type" else None
        if text is not None:
            name = context.dialect.name
            autogen_context.imports.add(f"from sqlalchemy.dialects import {name}")
            return text
        return own(type_, object, autogen_context) if own else False

    return render_item


def run_draft(scratch: ScratchDatabase, scripts: HistoryOverlay, id_: str) -> None:
    """Run a draft on a scratch database.

    :param scratch: The scratch database.
    :param scripts: The history with the draft.
    :param id_: The id of the draft.
    :raises Refused: When it fails.
    """
    try:
        scratch.upgrade(scripts, id_)
    except DatabaseError as error:
        raise Refused(
            f"The revision that was made of it does not run; nothing was written. "
            f"{error.message}",
            "Write the revision by hand.",
        ) from error


def put_in_place(draft: Path, folder: Path) -> Path:
    """Move a draft to where it belongs, all of it at once.

    :param draft: The draft.
    :param folder: The folder of revisions.
    :return: The revision file.
    :raises RevisionFileError: When there is such a file already.
    """
    target = folder / draft.name
    write_new(target, draft.read_bytes())
    return target


def announce(
    call: Invocation, environment: Environment, request: RevisionRequest, id_: str
) -> Script:
    """Load a revision that is in place, and tell of it.

    :param call: The running command.
    :param environment: The app's environment.
    :param request: What it is.
    :param id_: Its id.
    """
    script: Script = environment.scripts().get_revision(id_)
    call.scripts = (script,)
    call.hooks.event(specs.revision_generated, request=request, scripts=(script,))
    return script


def add_squashes(path: Path, ids: Sequence[str]) -> None:
    """Say in a draft which revisions it stands for, where its id is set.

    :param path: The draft.
    :param ids: The revisions.
    """
    line = f"{SQUASHES} = {_tuple(ids)}\n"
    source = insert_behind(path.read_text("utf-8"), ("revision",), (line,))
    path.write_text(source, "utf-8")


def _tuple(ids: Sequence[str]) -> str:
    short = f"({', '.join(map(repr, ids))})"
    if len(SQUASHES) + len(short) + 3 <= 88:
        return short
    return "(\n" + "".join(f"    {id_!r},\n" for id_ in ids) + ")"


class HistoryOverlay(AppScriptDirectory):
    """A history without some of its files, and with those of one more folder."""

    _hidden: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, scripts: AppScriptDirectory, hidden: Iterable[Script] = ()
    ) -> HistoryOverlay:
        """Return a history without some revisions.

        :param scripts: The history that there is, opened with the further folder.
        :param hidden: The revisions to leave out.
        """
        rewritten = cls.__new__(cls)
        vars(rewritten).update(vars(scripts))
        rewritten._hidden = frozenset(script.path for script in hidden)
        rewritten._adopt()
        return rewritten

    def _load_scripts(self) -> list[Script]:
        # Not Scripts' own: it would miss what is hidden and refuse the history.
        found = [
            script
            for script in IndexedScriptDirectory._load_scripts(self)
            if script.path not in self._hidden
        ]
        check_history(found)
        self._ids = frozenset(script.revision for script in found)
        self._added = set()
        return found


class DraftWorkspace:
    """A folder for drafts, and the history with what lies in it.

    :param scripts: The history, opened with the folder.
    :param folder: The folder; it is gone at the end.
    """

    def __init__(self, scripts: AppScriptDirectory, folder: Path) -> None:
        self._scripts = scripts
        self.folder = folder

    def history(self, hidden: Iterable[Script] = ()) -> HistoryOverlay:
        """Return the history without some revisions, with the drafts that there are.

        :param hidden: The revisions to leave out.
        """
        return HistoryOverlay.of(self._scripts, hidden)


@contextmanager
def temporary_history(
    environment: Environment, folder: Path
) -> Iterator[DraftWorkspace]:
    """Give a desk to draft revisions on.

    :param environment: The app's environment.
    :param folder: The folder of revisions that a draft will go to. The desk is in it,
        hidden, so that formatters find the settings of the project; or elsewhere, if
        folders below it are read too.
    :raises ScriptLocationError: When nothing can be written there.
    """
    options = environment.options
    recursive = is_true(options.get("recursive_version_locations"))
    place = None if recursive else folder
    try:
        drafts = Path(tempfile.mkdtemp(prefix=".draft-", dir=place))
    except OSError as error:
        raise ScriptLocationError(
            f"{folder} cannot be written to: {error.strerror or error}.",
            "Make the folder writable.",
        ) from error
    try:
        clone = copy.copy(environment)
        locations = environment.locations
        others = (*locations.others, (None, drafts))
        clone._made = {
            **environment._made,
            "locations": replace(locations, others=others),
        }
        clone._made.pop("index", None)
        clone._made.pop("graph", None)
        yield DraftWorkspace(open_scripts(clone, None), drafts)
    finally:
        shutil.rmtree(drafts, ignore_errors=True)
