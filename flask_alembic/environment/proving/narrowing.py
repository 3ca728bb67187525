"""Telling Alembic of those tables only that are left, through its own filters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

    from .proof import Proof


@contextmanager
def narrowed(context: MigrationContext, proof: Proof) -> Iterator[None]:
    """Let Alembic see only what is not proved.

    The names of proved tables are left out of what the database has, and the tables
    themselves out of what the models add to it. The app's own filters are asked
    about all else.

    :param context: The context of the comparison; it is as before at the end.
    :param proof: What is proved.
    """
    own_name = context.opts.get("include_name")
    own_object = context.opts.get("include_object")

    def include_name(name: Any, type_: Any, parent_names: Any) -> bool:
        if type_ == "table" and (parent_names["schema_name"], name) in proof.keys:
            return False
        if type_ == "schema" and name not in proof.busy:
            return False
        return bool(own_name(name, type_, parent_names)) if own_name else True

    def include_object(
        object: Any, name: Any, type_: Any, reflected: Any, compare_to: Any
    ) -> bool:
        if type_ == "table" and id(object) in proof.tables:
            return False
        if own_object is None:
            return True
        return bool(own_object(object, name, type_, reflected, compare_to))

    kept = dict(context.opts)
    context.opts.update(include_name=include_name, include_object=include_object)
    try:
        yield
    finally:
        for key in ("include_name", "include_object"):
            context.opts.pop(key)
            if key in kept:
                context.opts[key] = kept[key]
