"""The history as a graph to draw: every revision, and where each database is in it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DatabaseError
from ...hooks.history_graph import HistoryGraph, Node, State
from ...hooks.redaction import hide_passwords
from ...runtime.connections import heads_of
from ...runtime.databases import choose
from ...runtime.environment import history_reader
from ...runtime.invocation import Invocation, invoked
from ...script.records import RevisionRecord
from ...script.view import HistoryReader, IndexedHistory
from .operation_words import operations_in_words

if TYPE_CHECKING:
    from alembic.script import Script

    from ...runtime.environment import Environment

_DATE = re.compile(r"^Create Date:[ \t]*(\S.*?)\s*$", re.MULTILINE)
# The line of Alembic's own template.


def graph(
    environment: Environment,
    databases: Sequence[str] = (),
    *,
    state: bool = True,
    operations: bool = True,
) -> HistoryGraph:
    """Return the history as a graph.

    The files are read, not executed; each database is asked once, in a transaction
    that is rolled back.

    :param environment: The app's environment; an app context must be active.
    :param databases: Which databases; all for none.
    :param state: Whether databases are asked at all.
    :param operations: Whether the files are read for what they do; without it
        the index alone answers.
    :raises HistoryError: When the files make no history.
    :raises DatabaseError: When no database can be read; one of several that cannot
        be read is in ``errors``.
    """
    with invoked(environment, "graph", databases=tuple(databases), state=state) as call:
        view = history_reader(environment)
        heads, errors = _heads(call, databases) if state else ({}, {})
        found = _newest_first(_nodes(environment, view, operations))
        held = {name: tuple(map(str, ids)) for name, ids in heads.items()}
        unknown = {
            name: tuple(id_ for id_ in ids if id_ not in view)
            for name, ids in held.items()
        }
        nodes = _with_states(found, held, unknown, errors)
        call.data = {
            "databases": held,
            "unknown": unknown,
            "errors": errors,
            "revisions": [_fields(node) for node in nodes],
        }
        if errors:
            call.ok, call.exit_code = False, DatabaseError.exit_code
        return HistoryGraph(nodes, held, unknown, environment.app.name, errors)


def _heads(
    call: Invocation, names: Sequence[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Return where each database is, and why others could not be read."""
    chosen = [each.name for each in choose(call.environment.databases(), names)]
    heads: dict[str, tuple[str, ...]] = {}
    errors: dict[str, str] = {}
    for name in chosen:
        try:
            heads |= heads_of(call.environment, call.hooks, (name,))
        except DatabaseError as error:
            if len(chosen) == len(errors) + 1:
                raise
            errors[name] = error.message
    return heads, errors


def _fields(node: Node) -> dict[str, Any]:
    return {name: getattr(node, name) for name in Node.__slots__}


def _nodes(
    environment: Environment, view: HistoryReader, operations: bool
) -> dict[str, Node]:
    """Return the revisions by id, the base first."""
    records = {
        record.revision: record
        for record in environment.index.scan().scripts
        if isinstance(record, RevisionRecord)
    }
    if isinstance(view, IndexedHistory):
        # What an empty database lacks is everything.
        scripts = view.named(view.graph.pending(())) or []
    else:
        scripts = list(environment.scripts().walk_revisions())[::-1]
    # Compared as they really are: the index keeps real paths.
    root = os.path.join(os.path.realpath(environment.app.root_path), "")
    nodes = {}
    for script in scripts:
        record = records.get(script.revision)
        node = _node(environment, view, script, record, root, operations)
        nodes[node.revision] = node
    return nodes


def _node(
    environment: Environment,
    view: HistoryReader,
    script: Script,
    record: RevisionRecord | None,
    root: str,
    operations: bool,
) -> Node:
    # A file that only executing could tell about was executed to build the map.
    labels = (
        record.branch_labels
        if record
        else getattr(script.module, "branch_labels", None)
    )
    date = _DATE.search(script.longdoc)
    return Node(
        revision=script.revision,
        doc=" ".join(script.doc.split()),
        path=_shown(script.path, root),
        date=date[1] if date else None,
        labels=_several(labels),
        down_revisions=_several(script.down_revision),
        depends_on=_dependencies(environment, view, _several(script.dependencies)),
        is_head=not script.nextrev,
        operations=_operations(script.path) if operations else (),
    )


def _several(names: str | Iterable[str] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())


def _dependencies(
    environment: Environment, view: HistoryReader, names: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the ids of what a revision depends on; it may be named by a label."""
    found = view.named(names) if names else []
    if found is None:
        found = [environment.scripts().get_revision(name) for name in names]
    return tuple(dict.fromkeys(script.revision for script in found))


def _shown(path: str, root: str) -> str:
    if path.startswith(root):
        return path[len(root) :].replace(os.sep, "/")
    return os.path.basename(path)


def _operations(path: str) -> tuple[str, ...]:
    try:
        source = Path(path).read_bytes() if path.endswith(".py") else b""
    except OSError:
        return ()
    return tuple(hide_passwords(words) for words in operations_in_words(source))


def _newest_first(nodes: Mapping[str, Node]) -> list[Node]:
    """Order revisions as ``git log --topo-order`` does.

    Each comes before what it follows, and a branch is shown to its end before the
    next one begins, so that few lines run side by side.

    :param nodes: The revisions by id, the base first.
    """
    waiting = dict.fromkeys(nodes, 0)
    for node in nodes.values():
        for parent in _parents(node):
            waiting[parent] += 1
    heads = [node for node in nodes.values() if not waiting[node.revision]]
    heads.sort(key=lambda node: (node.date or "", node.revision))
    todo = [node.revision for node in heads]
    ordered: list[Node] = []
    while todo:
        node = nodes[todo.pop()]
        ordered.append(node)
        for parent in reversed(_parents(node)):
            waiting[parent] -= 1
            if not waiting[parent]:
                todo.append(parent)
    return ordered


def _parents(node: Node) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*node.down_revisions, *node.depends_on)))


def _with_states(
    nodes: Sequence[Node],
    held: Mapping[str, tuple[str, ...]],
    unknown: Mapping[str, tuple[str, ...]],
    errors: Mapping[str, str],
) -> tuple[Node, ...]:
    """Return the revisions with how each database stands to them."""
    parents = {node.revision: _parents(node) for node in nodes}
    applied = {name: _reached(parents, ids) for name, ids in held.items()}

    def state(name: str, id_: str) -> State:
        if name in errors:
            return "unknown"
        if id_ in held[name]:
            return "current"
        if id_ in applied[name]:
            return "applied"
        return "unknown" if unknown[name] else "pending"

    return tuple(
        Node(
            **{
                **_fields(node),
                "states": {
                    name: state(name, node.revision) for name in (*held, *errors)
                },
            }
        )
        for node in nodes
    )


def _reached(
    parents: Mapping[str, Collection[str]], ids: Iterable[str]
) -> Collection[str]:
    """Return revisions and all that they follow; ids without a file are left out."""
    todo = [id_ for id_ in ids if id_ in parents]
    seen = set(todo)
    while todo:
        for parent in parents[todo.pop()]:
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return seen
