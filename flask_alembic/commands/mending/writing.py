"""A revision file made from operations that are known already, not from models."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...dialects import backend_for
from ...environment.scripts import write_new
from ...errors import DatabaseError, Refused, TemplateError
from ...hooks import specs
from ...hooks.payloads import LintTarget, RevisionRequest
from ..autogenerating import revision_context
from ..linters import refuse_errors
from .sources import SQUASHES

if TYPE_CHECKING:
    from alembic.operations.ops import DowngradeOps, MigrationScript, UpgradeOps
    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script

    from ...environment.objects import Environment
    from ..invocation import Invocation
    from .building import Building
    from .rewriting import Rewritten


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
    scripts: Rewritten,
    request: RevisionRequest,
    id_: str,
    contents: Mapping[str, Content],
    *,
    force: bool = False,
) -> Script:
    """Write a draft of a revision; nobody is told yet.

    :param call: The command at work.
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
        content.context.opts["render_item"] = _rendering(content.context)
        if several:
            content.context.opts["upgrade_token"] = f"{name}_upgrades"
            content.context.opts["downgrade_token"] = f"{name}_downgrades"
        drafting.run_no_autogenerate((), content.context)
    scripts.before_write = lambda revision, source, path: refuse_errors(
        call,
        LintTarget(revision, None, source),
        "Mend what it is about, or use --force.",
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


def _rendering(context: MigrationContext) -> Callable[..., Any]:
    """Return how types are written: as the app or the kind of database wants it."""
    own = context.opts.get("render_item")
    backend = backend_for(context.dialect)

    def render_item(type_: str, object: Any, autogen_context: Any) -> Any:
        text = backend.render_type(object) if type_ == "type" else None
        if text is not None:
            name = context.dialect.name
            autogen_context.imports.add(f"from sqlalchemy.dialects import {name}")
            return text
        return own(type_, object, autogen_context) if own else False

    return render_item


def run_draft(scratch: Building, scripts: Rewritten, id_: str) -> None:
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

    :param call: The command at work.
    :param environment: The app's environment.
    :param request: What it is.
    :param id_: Its id.
    """
    script: Script = environment.scripts().get_revision(id_)
    call.scripts = (script,)
    call.hooks.tell(specs.revision_generated, request=request, scripts=(script,))
    return script


def add_squashes(path: Path, ids: Sequence[str]) -> None:
    """Say in a draft which revisions it stands for, where its id is set.

    :param path: The draft.
    :param ids: The revisions.
    """
    source = path.read_text("utf-8")
    line = next(
        (
            node.end_lineno
            for node in ast.parse(source).body
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and _sets_id(node)
        ),
        None,
    )
    lines = source.splitlines(keepends=True)
    at = len(lines) if line is None else line
    lines.insert(at, f"{SQUASHES} = {_tuple(ids)}\n")
    path.write_text("".join(lines), "utf-8")


def _sets_id(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(each, ast.Name) and each.id == "revision" for each in targets)


def _tuple(ids: Sequence[str]) -> str:
    short = f"({', '.join(map(repr, ids))})"
    if len(SQUASHES) + len(short) + 3 <= 88:
        return short
    return "(\n" + "".join(f"    {id_!r},\n" for id_ in ids) + ")"
