"""Whether unique constraints and indexes are the same in a model and a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...dialects.catalog import FIELD, PART

Uniques = Mapping[str, str | None]
"""By the columns, sorted: the name of each unique constraint of a model, if any."""


def are_same(
    indexes: Sequence[str],
    uniques: Uniques,
    recorded_indexes: Sequence[str],
    recorded_uniques: Sequence[str],
) -> bool:
    """Tell whether both are the same where a constraint is no index.

    A constraint without a name is the one with its columns, whatever it is called.

    :param indexes: The lines of a model's indexes.
    :param uniques: Its unique constraints.
    :param recorded_indexes: The lines of the database.
    :param recorded_uniques: The same.
    """
    if sorted(indexes) != sorted(recorded_indexes):
        return False
    found = [line.partition(FIELD) for line in recorded_uniques]
    known = {columns: name for name, _, columns in found}
    return (
        len(known) == len(found)
        and known.keys() == uniques.keys()
        and all(name in (None, known[each]) for each, name in uniques.items())
    )


def are_same_keys(
    indexes: Sequence[str],
    uniques: Uniques,
    recorded: Sequence[str],
    references: Mapping[str, str],
) -> bool:
    """Tell whether both are the same where a unique constraint is a unique index.

    An index that only serves a foreign key is made by the server, and Alembic knows
    that by its name.

    :param indexes: The lines of a model's indexes.
    :param uniques: Its unique constraints.
    :param recorded: The lines of the database, constraints and indexes.
    :param references: The columns of the database's foreign keys, by name.
    """
    left = set(recorded)
    if not left.issuperset(indexes):
        return False
    left.difference_update(indexes)
    unique: set[str] = set()
    constraints: dict[str, str] = {}
    for line in recorded:
        name, is_unique, columns = line.split(FIELD)
        names = columns.split(PART)
        if is_unique == "t":
            columns = PART.join(sorted(names))
            if columns in unique:
                return False
            unique.add(columns)
            if line in left:
                constraints[columns] = name
        elif (
            line in left and name not in names and not _is_for(name, names, references)
        ):
            return False
    return constraints.keys() == uniques.keys() and all(
        name in (None, constraints[each]) for each, name in uniques.items()
    )


def _is_for(name: str, columns: Sequence[str], references: Mapping[str, str]) -> bool:
    return not set(columns).isdisjoint(references.get(name, "").split(PART))
