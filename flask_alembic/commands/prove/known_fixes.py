"""What to do about errors that revisions often meet, by the words of the database."""

from __future__ import annotations

import re
from typing import Final

_FIXES: Final[tuple[tuple[str, str], ...]] = (
    (
        r"Constraint must have a name|no name|constraint \"?None",
        "Give the constraint a name, in the models or with "
        "MetaData(naming_convention=...), and generate the revision again.",
    ),
    (
        r"cannot be cast automatically",
        "Specify how values are converted: op.alter_column(..., "
        "postgresql_using='COLUMN::NEWTYPE').",
    ),
    (
        r"Cannot add a NOT NULL column with default value NULL"
        r"|contains null values|NOT NULL constraint failed|cannot be null"
        r"|Data truncated for column|Invalid use of NULL",
        "Existing rows have no value for it: add the column as nullable or with "
        'server_default, fill it with op.execute("UPDATE ..."), then make it NOT '
        "NULL.",
    ),
    (
        r"UNIQUE constraint failed|could not create unique index|Duplicate entry"
        r"|duplicate key",
        "Existing rows have duplicate values: change or delete them in upgrade() "
        "before the constraint is created.",
    ),
    (
        r"type \S+ does not exist",
        "Create an enum first: sa.Enum(..., name='NAME').create(op.get_bind(), "
        "checkfirst=True); for a type of an extension write "
        'op.execute("CREATE EXTENSION IF NOT EXISTS NAME").',
    ),
    (
        r"type \S+ already exists",
        "The type exists already: write sa.Enum(..., name='NAME', create_type=False), and "
        "drop the type in the downgrade() of the revision that creates it.",
    ),
    (
        r"needed in a foreign key constraint",
        "Drop the foreign key before its index: op.drop_constraint(NAME, TABLE, "
        "type_='foreignkey').",
    ),
    (
        r"used in a foreign key constraint|Cannot change column",
        "Drop the foreign key, change both columns, and create the foreign key again.",
    ),
    (
        r"because other objects depend on it|Cannot delete or update a parent row"
        r"|FOREIGN KEY constraint failed|violates foreign key constraint",
        "Drop or change what depends on it first: views, foreign keys, rows that "
        "refer to it.",
    ),
    (
        r"schema \S+ does not exist|unknown database",
        'Create the schema first: op.execute("CREATE SCHEMA IF NOT EXISTS NAME").',
    ),
    (
        r"permission denied to create extension|extension \S+ is not available",
        "Set ALEMBIC['scratch_url'] to a server that has the extension and lets this "
        "user create it.",
    ),
    (
        r"cannot run inside a transaction block"
        r"|cannot be executed (?:from|within) a (?:function|pipeline|transaction)",
        "Put the statement into: with op.get_context().autocommit_block():",
    ),
    (
        r"no such table|(?:relation|table) \S+ does not exist|Table \S+ doesn't exist"
        r"|Unknown table",
        "Create tables before what refers to them; where tables refer to each other, "
        "create one foreign key afterwards with op.create_foreign_key(), or use "
        "use_alter=True in the model.",
    ),
    (
        r"already exists|Duplicate (?:column|key) name|duplicate column name",
        "It exists already: an earlier revision creates it, or downgrade() of this "
        "one does not drop it.",
    ),
    (
        r"no such column|column \S+ does not exist|Unknown column",
        "Change what uses the column first: indexes, constraints, views.",
    ),
    (
        r"^NameError",
        "Import it at the top of the revision file.",
    ),
)

_IRREVERSIBLE: Final = (
    "Write downgrade() so that it reverts upgrade(), or set irreversible = True in the "
    "file."
)


def known_fix(error: BaseException, direction: str) -> str:
    """Return what usually helps against an error.

    :param error: What a revision raised.
    :param direction: ``upgrade`` or ``downgrade``.
    :return: An empty text where nothing is known.
    """
    if isinstance(error, NotImplementedError) and direction == "downgrade":
        return _IRREVERSIBLE
    original = getattr(error, "orig", None) or error
    text = f"{type(original).__name__}: {original}"
    for pattern, fix in _FIXES:
        if re.search(pattern, text, re.IGNORECASE):
            return fix
    return _IRREVERSIBLE if direction == "downgrade" else ""
