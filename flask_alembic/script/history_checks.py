"""What is wrong with revision files and with the history that they make."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import HistoryError
from ..hooks.payloads import Problem
from ..hooks.redaction import first_line
from ..sandbox import Sandbox, SandboxEnded, Watch
from .files import is_script
from .validator import unusable

if TYPE_CHECKING:
    from alembic.script import Script

    from .loader import AppScriptDirectory
    from .locations import Locations


def head_problems(scripts: AppScriptDirectory) -> list[Problem]:
    """Return whether the history ends in several heads that nobody meant to have.

    Heads of different labelled branches are meant.

    :param scripts: The history.
    """
    heads = [scripts.get_revision(head) for head in sorted(scripts.get_heads())]
    if len(heads) < 2 or _are_branches(heads):
        return []
    ids = [head.revision for head in heads]
    return [
        Problem(
            "several-heads",
            f"The history has several heads ({', '.join(ids)}): revisions were made "
            "side by side, and the next one does not know which to follow.",
            "error",
            advice=f"Join them: flask db merge {' '.join(ids)}",
        )
    ]


def _are_branches(heads: list[Script]) -> bool:
    """Whether each head carries labels that no other head carries."""
    labels: list[Set[str]] = [head.branch_labels for head in heads]
    return all(labels) and not any(
        one & other for number, one in enumerate(labels) for other in labels[:number]
    )


def case_only(scripts: AppScriptDirectory) -> list[tuple[str, ...]]:
    """Return the ids that differ from each other in upper and lower case only.

    :param scripts: The history.
    """
    groups: dict[str, list[str]] = {}
    for id_ in sorted(scripts.known_ids()):
        groups.setdefault(id_.casefold(), []).append(id_)
    return [tuple(ids) for ids in groups.values() if len(ids) > 1]


def file_problems(scripts: Iterable[Script]) -> list[Problem]:
    """Return what keeps a file from being run; each is executed to find out.

    That is done in a sandbox: code at the top of a file changes nothing.

    :param scripts: The revisions.
    """
    listed = list(scripts)
    found: list[Problem] = []
    with Sandbox(functools.partial(_in_sandbox, listed)) as sandbox:
        for number, script in enumerate(listed):
            try:
                found += sandbox.call(number)
            except SandboxEnded as error:
                found.append(_not_checked(script, f"has no end: {error}"))
    return found


def _in_sandbox(scripts: Sequence[Script], number: int, watch: Watch) -> list[Problem]:
    script = scripts[number]
    before = len(watch.attempts)
    found = [*_in_file(script)]
    watch.settle()
    for attempt in watch.attempts[before:]:
        what = f"tries to {attempt.what} when it is imported"
        return [_not_checked(script, what, attempt.line_in(script.path))]
    return found


def _not_checked(script: Script, what: str, line: int | None = None) -> Problem:
    return Problem(
        "file-not-checked",
        f"The revision file {script.path} {what}: it was stopped and not checked.",
        "warning",
        revision=script.revision,
        path=Path(script.path),
        line=line,
        advice="Move that into upgrade(): every command that plans a run imports it.",
    )


def _in_file(script: Script) -> Iterator[Problem]:
    path = Path(script.path)
    try:
        module = script.module
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # A revision may even call sys.exit() when it is imported.
        refusal = unusable(path, error)
        yield Problem(
            "unusable-file",
            refusal.message,
            "error",
            revision=script.revision,
            path=path,
            advice=refusal.advice,
        )
        return
    if not callable(getattr(module, "upgrade", None)):
        yield _missing(script, "upgrade", "error")
    if not callable(getattr(module, "downgrade", None)):
        yield _missing(script, "downgrade", "warning")


def _missing(script: Script, name: str, severity: str) -> Problem:
    return Problem(
        f"no-{name}",
        f"The revision file {script.path} has no function {name}().",
        "error" if severity == "error" else "warning",
        revision=script.revision,
        path=Path(script.path),
        advice="Add it; it may do nothing.",
    )


def broken_files(locations: Locations, error: HistoryError) -> list[Problem]:
    """Return why the files make no history: every one that does not compile.

    :param locations: The folders of revisions.
    :param error: The first reason that was found.
    """
    found = [
        problem
        for folder in locations.paths
        for path in sorted(folder.glob("*.py"))
        if is_script(str(path), False)
        for problem in _not_compiling(path)
    ]
    if any(str(each.path) in error.message for each in found):
        return found
    return [
        Problem("broken-history", error.message, "error", advice=error.advice),
        *found,
    ]


def _not_compiling(path: Path) -> Iterator[Problem]:
    try:
        compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        refusal = unusable(path, error)
        yield Problem(
            "unusable-file",
            refusal.message,
            "error",
            path=path,
            line=getattr(error, "lineno", None),
            advice=refusal.advice,
        )
    except OSError as error:
        yield Problem(
            "unusable-file",
            f"The revision file {path} cannot be read: {first_line(error)}.",
            "error",
            path=path,
            advice="Check its permissions.",
        )
