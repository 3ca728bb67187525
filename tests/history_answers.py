"""What a script directory is asked, to compare the indexed one with Alembic's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from histories import Files, outcome, words

from flask_alembic.script.loader import IndexedScriptDirectory


def directory(kind: type[ScriptDirectory], root: Path, files: Files) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(root))
    config.set_main_option(
        "version_locations", os.pathsep.join(str(root / p) for p in files.locations)
    )
    config.set_main_option("version_path_separator", "os")
    config.set_main_option("path_separator", "os")
    if files.recursive:
        config.set_main_option("recursive_version_locations", "true")
    if files.sourceless:
        config.set_main_option("sourceless", "true")
    return kind.from_config(config)


def described(script: Any) -> Any:
    """Return all that a script says in public."""
    if not isinstance(script, Script):
        return script
    return {
        "revision": script.revision,
        "down": script.down_revision,
        "dependencies": script.dependencies,
        "labels": set(script.branch_labels),
        "next": set(script.nextrev),
        "doc": script.doc,
        "longdoc": script.longdoc,
        "path": str(script.path),
        "is": (
            script.is_head,
            script.is_base,
            script.is_branch_point,
            script.is_merge_point,
        ),
        "log": words(script.log_entry),
        "short": words(script.cmd_format(False, True, True, True)),
        "text": words(str(script)),
    }


def step(step: Any) -> Any:
    return (
        str(step),
        step.is_upgrade,
        step.from_revisions,
        step.to_revisions,
        step.migration_fn.__name__,
        step.info.is_stamp,
    )


def questions(files: Files, thorough: bool = True) -> Iterator[tuple[str, Any]]:
    """Yield what to ask a script directory, by name."""
    yield "heads", lambda d: d.get_heads()
    yield "bases", lambda d: d.get_bases()
    yield "base", lambda d: d.get_base()
    yield "head", lambda d: d.get_current_head()
    yield "walk", lambda d: [described(script) for script in d.walk_revisions()]
    yield "real heads", lambda d: d.as_revision_number("heads")
    if hasattr(ScriptDirectory, "get_heads") and _considers_dependencies():
        yield "without", lambda d: d.get_heads(consider_depends_on=True)
    if not thorough:
        return
    names = [*files.ids, *files.labels]
    symbols = ["head", "heads", "base", "ab1", "ab12c", "b", "nowhere", "head-1", "-1"]
    branches = [
        f"{a}@{b}" for a in names[:4] for b in ("head", "heads", "base", "ab12")
    ]
    for name in [*names, *symbols, *branches, None, (), tuple(files.ids[:2])]:
        yield f"revision {name}", _ask("get_revision", name)
        yield f"revisions {name}", _ask("get_revisions", name)
    for rows in _rows(files):
        yield f"current {rows}", _current(rows)
        for target in ["head", "heads", "+1", "+2", *names[:4], *branches[:4]]:
            yield f"upgrade {rows} {target}", _steps("_upgrade_revs", target, rows)
        for target in [
            "base",
            "-1",
            "-2",
            *names[:4],
            *(f"{n}@base" for n in names[:2]),
        ]:
            yield f"downgrade {rows} {target}", _steps("_downgrade_revs", target, rows)
        for target in ["head", "heads", "base", *names[:3]]:
            yield f"stamp {rows} {target}", _steps("_stamp_revs", target, rows)
    for upper, lower in product(["heads", *files.ids[-2:]], ["base", *files.ids[:2]]):
        for inclusive, base in product((True, False), repeat=2):
            yield (
                f"iterate {upper} {lower} {inclusive} {base}",
                _iterate(upper, lower, inclusive, base),
            )


def _considers_dependencies() -> bool:
    return "consider_depends_on" in ScriptDirectory.get_heads.__annotations__


def _rows(files: Files) -> list[tuple[str, ...]]:
    ids = files.ids
    return [
        (),
        *((id_,) for id_ in ids[-3:]),
        tuple(ids[-2:]),
        tuple(ids[:1] + ids[2:3]),
    ]


def _ask(method: str, name: Any) -> Callable[[ScriptDirectory], Any]:
    def ask(directory: ScriptDirectory) -> Any:
        found = getattr(directory, method)(name)
        if isinstance(found, tuple):
            return [described(script) for script in found]
        return described(found)

    return ask


def _steps(method: str, target: Any, rows: Any) -> Callable[[ScriptDirectory], Any]:
    return lambda d: [step(one) for one in getattr(d, method)(target, rows)]


def _current(rows: tuple[str, ...]) -> Callable[[ScriptDirectory], Any]:
    return lambda d: {script.revision for script in d.get_all_current(rows)}


def _iterate(
    upper: str, lower: str, inclusive: bool, implicit_base: bool
) -> Callable[[ScriptDirectory], Any]:
    return lambda d: [
        script.revision
        for script in d.iterate_revisions(
            upper, lower, inclusive=inclusive, implicit_base=implicit_base
        )
    ]


def assert_same(files: Files, root: Path, thorough: bool = True) -> None:
    """Compare every answer: read from the files, then from the index on disk."""
    for _ in range(2):
        theirs = directory(ScriptDirectory, root, files)
        ours = directory(IndexedScriptDirectory, root, files)
        for name, ask in questions(files, thorough):
            expected = outcome(ask, theirs)
            assert outcome(ask, ours) == expected, name
