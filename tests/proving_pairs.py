"""Pairs of tables for the tests of proving: one in the database, one in the models.

A table is plain data first (:class:`Spec`), made at random, changed at random, and
only then built as a SQLAlchemy table. Many pairs share a database: each round makes one
metadata with all the first tables, and one with all the second ones.
"""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from proving_kinds import DEFAULTS, TYPES, Kind
from sample import rounds

ROUNDS = rounds(3)
"""How many databases full of pairs each test makes."""

CONVENTIONS: list[dict[str, str]] = [
    {},
    {
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    },
    {"uq": "uq_%(table_name)s_%(constraint_name)s"},
]


@dataclass
class Part:
    """A column."""

    name: str
    type: str
    nullable: bool = True
    default: Any = None
    identity: Any = None
    comment: str | None = None


@dataclass
class Spec:
    """A table."""

    name: str
    parts: list[Part]
    key: list[str]
    uniques: list[tuple[str | None, list[str]]] = field(default_factory=list)
    indexes: list[tuple[str, list[str], bool]] = field(default_factory=list)
    references: list[dict[str, Any]] = field(default_factory=list)
    comment: str | None = None
    check: str | None = None
    schema: str | None = None
    raw: list[str] = field(default_factory=list)
    """Statements that change the table in the database behind the models' back."""

    unusual: bool = False
    """Whether the pair need not be proved though it is equal."""


def make(kind: Kind, name: str, others: list[Spec], chance: random.Random) -> Spec:
    """Return a table at random.

    :param kind: The kind of database.
    :param name: Its name.
    :param others: The tables that foreign keys may lead to.
    :param chance: Where chance comes from.
    """
    first = Part("id", chance.choice(["integer", "integer", "big"]), nullable=False)
    if kind.identity and chance.random() < 0.2:
        first.identity = {"always": chance.random() < 0.5}
    spec = Spec(name, [first], ["id"])
    for number in range(chance.randrange(1, 7)):
        spec.parts.append(_part(kind, f"c{number}", chance))
    if chance.random() < 0.1:
        spec.parts.append(Part("Mixed", "integer"))
    if chance.random() < 0.05:
        spec.parts.append(Part("with space", "integer"))
        spec.unusual = True
    if kind.comments and chance.random() < 0.3:
        spec.comment = chance.choice(["a table", "it's", "100% 'so'", "line\nline"])
        if kind.plain:
            spec.comment = "100% 'so'"
    for _ in range(chance.randrange(3)):
        _add_index(kind, spec, chance)
    if chance.random() < 0.4:
        _add_unique(kind, spec, chance)
    if others and chance.random() < 0.5:
        _add_reference(kind, spec, others, chance)
    if kind.checks and chance.random() < 0.2:
        spec.check = chance.choice(["id > 0", "id <> 3"])
    if kind.raw and chance.random() < 0.15:
        spec.raw.append(chance.choice(kind.raw))
    if not kind.twins and _has_twins(spec):
        spec.unusual = True
    return spec


def _has_twins(spec: Spec) -> bool:
    """Tell whether two unique keys have the same columns."""
    keys = [columns for _, columns in spec.uniques]
    keys += [columns for _, columns, unique in spec.indexes if unique]
    return len({frozenset(columns) for columns in keys}) < len(keys)


def _part(kind: Kind, name: str, chance: random.Random) -> Part:
    types = kind.types if chance.random() < 0.1 else sorted(kind.proved)
    part = Part(name, chance.choice(types), chance.random() < 0.6)
    _set_default(kind, part, chance)
    if kind.comments and chance.random() < 0.2:
        part.comment = chance.choice(["a column", "it's", "zwölf", ""])
        if kind.plain:
            part.comment = "zwölf"
    return part


def _set_default(kind: Kind, part: Part, chance: random.Random) -> None:
    choices = [
        each
        for each in DEFAULTS.get(part.type, [])
        if (part.type, str(each)) not in kind.refused
        and (part.type, "*") not in kind.refused
    ]
    part.default = None
    if choices and chance.random() < 0.5:
        part.default = chance.choice(choices)


def _keyed(kind: Kind, spec: Spec) -> list[str]:
    """Return the columns that can be in an index or a constraint."""
    large = ("text", "json", "binary", "varied", "strange")
    if kind.text_keys:
        large = ("json",)
    return [part.name for part in spec.parts if part.type not in large]


def _add_index(kind: Kind, spec: Spec, chance: random.Random) -> None:
    columns = _keyed(kind, spec)
    chosen = chance.sample(columns, min(len(columns), chance.choice([1, 1, 2])))
    number = len(spec.indexes)
    spec.indexes.append((f"ix_{spec.name}_{number}", chosen, chance.random() < 0.3))


def _add_unique(kind: Kind, spec: Spec, chance: random.Random) -> None:
    columns = [name for name in _keyed(kind, spec) if name != "id"]
    if not columns:
        return
    chosen = chance.sample(columns, min(len(columns), chance.choice([1, 1, 2])))
    name = chance.choice([None, f"own_{spec.name}_{len(spec.uniques)}"])
    spec.uniques.append((name, chosen))


def _add_reference(
    kind: Kind, spec: Spec, others: list[Spec], chance: random.Random
) -> None:
    other = chance.choice(others)
    number = sum("r" in part.name for part in spec.parts)
    part = Part(f"r{number}", other.parts[0].type)
    spec.parts.append(part)
    options: dict[str, Any] = {
        "ondelete": chance.choice(
            [None, None, "CASCADE", "SET NULL", "NO ACTION", "RESTRICT"]
        ),
        "onupdate": chance.choice([None, None, "cascade"]),
        "name": chance.choice([None, f"fk_{spec.name}_{number}"]),
    }
    if kind.deferrable and chance.random() < 0.2:
        options.update(deferrable=True, initially=chance.choice([None, "DEFERRED"]))
    target = f"{other.schema}.{other.name}" if other.schema else other.name
    spec.references.append({"column": part.name, "to": f"{target}.id", **options})


def change(kind: Kind, spec: Spec, others: list[Spec], chance: random.Random) -> Spec:
    """Return a copy of a table that differs in something, or in nothing after all.

    :param kind: The kind of database.
    :param spec: The table.
    :param others: The tables that foreign keys may lead to.
    :param chance: Where chance comes from.
    """
    spec = copy.deepcopy(spec)
    part = chance.choice(spec.parts[1:])
    what = chance.randrange(17)
    used = {each["column"] for each in spec.references}
    if what == 0 and part.name not in used:
        part.type = chance.choice(kind.types)
        part.default = None
    elif what == 1:
        part.nullable = not part.nullable
    elif what in (2, 3):
        _set_default(kind, part, chance)
    elif what == 4 and kind.comments:
        part.comment = chance.choice([None, "", "another", "a column"])
    elif what == 5 and kind.comments:
        spec.comment = chance.choice([None, "another table", "a table"])
    elif what == 6:
        spec.parts.append(_part(kind, "added", chance))
    elif what == 7 and part.name not in used:
        _drop(spec, part)
    elif what == 8:
        _add_index(kind, spec, chance)
    elif what == 9 and spec.indexes:
        name, columns, unique = spec.indexes.pop()
        if chance.random() < 0.7:
            spec.indexes.append((name, columns[::-1], unique or chance.random() < 0.5))
    elif what == 10:
        _add_unique(kind, spec, chance)
    elif what == 11 and spec.uniques:
        name, columns = spec.uniques.pop()
        if chance.random() < 0.7:
            other_name = chance.choice([None, "renamed_" + spec.name])
            spec.uniques.append((other_name, columns[::-1]))
    elif what == 12:
        _add_reference(kind, spec, others, chance)
    elif what == 13 and spec.references:
        reference = spec.references[-1]
        reference.update(
            chance.choice(
                [
                    {"ondelete": "CASCADE"},
                    {"ondelete": None},
                    {"onupdate": "CASCADE"},
                    {"name": f"fk2_{spec.name}"},
                    {"initially": "DEFERRED", "deferrable": True},
                    {"deferrable": None, "initially": None},
                ]
            )
        )
        if not kind.deferrable:
            reference.update(deferrable=None, initially=None)
    elif what == 14 and spec.references:
        spec.references.pop()
    elif what == 15 and kind.identity:
        spec.parts[0].identity = chance.choice([None, {"always": True}, {"start": 7}])
    elif what == 16:
        chance.shuffle(spec.parts)
        spec.check = "id > 1" if kind.checks else None
    return spec


def _drop(spec: Spec, part: Part) -> None:
    spec.parts.remove(part)
    spec.indexes = [each for each in spec.indexes if part.name not in each[1]]
    spec.uniques = [each for each in spec.uniques if part.name not in each[1]]


def build(spec: Spec, metadata: sa.MetaData) -> sa.Table:
    """Make the SQLAlchemy table of a spec.

    :param spec: The table as data.
    :param metadata: Where it is put.
    """
    items: list[Any] = []
    for part in spec.parts:
        extra: list[Any] = []
        if part.identity is not None:
            extra.append(sa.Identity(**part.identity))
        items.append(
            sa.Column(
                part.name,
                TYPES[part.type](),
                *extra,
                primary_key=part.name in spec.key,
                nullable=part.nullable and part.name not in spec.key,
                server_default=part.default,
                comment=part.comment,
            )
        )
    convention = metadata.naming_convention or {}
    for name, columns in spec.uniques:
        if "constraint_name" in convention.get("uq", ""):
            name = name or f"named_{'_'.join(columns)}"
        items.append(sa.UniqueConstraint(*columns, name=name))
    for name, columns, unique in spec.indexes:
        items.append(sa.Index(name, *columns, unique=unique))
    for reference in spec.references:
        options = {k: v for k, v in reference.items() if k not in ("column", "to")}
        items.append(
            sa.ForeignKeyConstraint([reference["column"]], [reference["to"]], **options)
        )
    if spec.check:
        items.append(sa.CheckConstraint(spec.check, name=f"check_{spec.name}"))
    return sa.Table(
        spec.name, metadata, *items, comment=spec.comment, schema=spec.schema
    )


def pairs(
    kind: Kind, count: int, chance: random.Random, schema: str | None = None
) -> tuple[sa.MetaData, sa.MetaData, list[Spec], set[str]]:
    """Return the metadata of a database, that of models, and the names left as they are.

    :param kind: The kind of database.
    :param count: How many tables.
    :param chance: Where chance comes from.
    :param schema: The schema of every third table.
    """
    convention = chance.choice(CONVENTIONS)
    before = sa.MetaData(naming_convention=convention or None)
    after = sa.MetaData(naming_convention=convention or None)
    specs: list[Spec] = []
    for number in range(count):
        spec = make(kind, f"t{number:03}", specs, chance)
        # MariaDB takes a table without a schema for one of the same schema.
        if schema and not spec.references and chance.random() < 0.3:
            spec.schema = schema
        specs.append(spec)
    equal: set[str] = set()
    for spec in specs:
        build(spec, before)
        fate = chance.random()
        if fate < 0.03:
            continue
        if fate < 0.45:
            build(spec, after)
            equal.add(spec.name)
        else:
            build(change(kind, spec, specs, chance), after)
    for number in range(count // 30):
        build(make(kind, f"new{number:03}", [], chance), after)
    kept = {table.name for table in after.tables.values()}
    _mend_references(after, kept)
    return before, after, specs, equal


def _mend_references(metadata: sa.MetaData, kept: set[str]) -> None:
    """Add what foreign keys lead to and was dropped: Alembic cannot do without."""
    for table in list(metadata.tables.values()):
        for constraint in table.foreign_key_constraints:
            for element in constraint.elements:
                schema, _, name = element.target_fullname.rpartition(".")[0].rpartition(
                    "."
                )
                if name not in kept:
                    kept.add(name)
                    sa.Table(
                        name,
                        metadata,
                        sa.Column("id", sa.Integer, primary_key=True),
                        schema=schema or None,
                    )
