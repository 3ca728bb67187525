"""What a schema holds beside tables: views, triggers, functions, types and the like.

SQLAlchemy reflects tables; Alembic compares them. What else a database holds is read
here as the SQL that makes it, so that it can be compared and made again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """One thing in a schema that is neither a table nor a part of one.

    :param kind: ``view``, ``trigger``, ``function``, ...
    :param name: Its name; with the table's in front where it belongs to a table.
    :param definition: What tells it from another of the same name.
    :param create: The statement that makes it, None where none is known.
    :param drop: The statement that drops it.
    :param early: Whether tables may need it, so that it has to be there before them.

    .. versionadded:: 4.0
    """

    kind: str
    name: str
    definition: str
    create: str | None = None
    drop: str | None = None
    early: bool = False
