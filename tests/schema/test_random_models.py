"""Revisions of models that are made at random: there, on, back, and the same as before.

A seed makes models, and a change of them. Both are data first (:class:`Models`), and are
only then built as SQLAlchemy tables. The product writes a revision for each; each must be
proved, and after the way back the server's own dump must be what it was. The seed is in the
id of the test and in its message: ``-k sqlite-7`` runs it alone, and ``FLASK_ALEMBIC_ROUNDS``
says how many there are.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import MakeDatabase
from dumps import dump
from rounds import Rounds
from sample import rounds
from sqlalchemy.dialects import mysql, postgresql

SEEDS = {
    "sqlite": max(10, rounds(25)),
    "postgresql": max(3, rounds(4)),
    "mariadb": max(3, rounds(4)),
}
CASES = [(kind, seed) for kind, count in SEEDS.items() for seed in range(count)]

# What is not made, and why:
# - changes of CHECK constraints, Boolean(create_constraint=True), changes of computed
#   columns, of expressions in indexes and of primary keys: Alembic does not compare them.
# - dots in names of tables: SQLAlchemy takes what is before one for a schema.
# - ON DELETE NO ACTION, CURRENT_TIMESTAMP for now(): they are the same as nothing, or as
#   what is there, and so no change.
# - quotes in names: SQLAlchemy does not reflect them everywhere.
# - two unique constraints or unique indexes on the same columns: MariaDB and SQLite keep
#   one kind only, and Alembic cannot tell them apart.
# - unnamed unique constraints of SQLite: Alembic overlooks that one is gone.
# - changes to a type that PostgreSQL does not cast to by itself: the person has to say how.
# - SET NULL on a required column, TEXT and JSON in keys: MariaDB refuses them.

ODD = ("order", "Mixed", "with space", "50%", "zwölf", "dash-ed", "dot.ted", "co:lon")
CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
FAMILIES: dict[str, dict[str, Callable[[], Any]]] = {
    "text": {
        "string9": lambda: sa.String(9),
        "string40": lambda: sa.String(40),
        "unicode": lambda: sa.Unicode(60),
        "text": sa.Text,
        "varied": lambda: sa.String(30).with_variant(
            mysql.VARCHAR(30, collation="utf8mb4_bin"), "mysql", "mariadb"
        ),
    },
    "number": {
        "small": sa.SmallInteger,
        "integer": sa.Integer,
        "big": sa.BigInteger,
    },
    "decimal": {
        "numeric": lambda: sa.Numeric(10, 2),
        "numeric8": lambda: sa.Numeric(8, 3),
    },
    "day": {"date": sa.Date},
    "moment": {"datetime": sa.DateTime},
    "boolean": {"boolean": sa.Boolean},
    "real": {"float": sa.Float, "double": sa.Double},
    "binary": {"binary": sa.LargeBinary},
    "object": {
        "json": lambda: sa.JSON().with_variant(postgresql.JSONB, "postgresql"),
    },
    "uuid": {"uuid": sa.Uuid},
    "time": {"time": sa.Time},
    "list": {
        "list": lambda: sa.JSON().with_variant(
            postgresql.ARRAY(sa.String(9)), "postgresql"
        ),
    },
}
FAMILY_OF = {name: family for family, types in FAMILIES.items() for name in types}
TYPES = {name: make for types in FAMILIES.values() for name, make in types.items()}
DEFAULTS: dict[str, list[str]] = {
    "text": ["x", "", "it's", "100 %", "='a b'", "("],
    "number": ["0", "-1", "=7"],
    "decimal": ["1.5", "=0"],
    "day": ["2020-01-01"],
    "moment": ["=now()", "2020-01-01 00:00:00"],
    "boolean": ["=true", "=false"],
    "real": ["0.5"],
    "object": ["{}"],
}
EXPRESSIONS: dict[str, Any] = {
    "=now()": sa.func.now(),
    "=true": sa.true(),
    "=false": sa.false(),
    **{f"={text}": sa.text(text) for text in ("7", "0", "'a b'")},
}
"""The defaults that are no literals."""

IN_KEYS = {"text", "number", "decimal", "day", "moment", "boolean"}
"""The families whose types can be in an index."""

NOTES = (None, "a note", "it's 100 %", "zwölf: 'x'")


@dataclass
class Column:
    """A column; a type that no family has is an enum."""

    name: str
    type: str
    nullable: bool = True
    default: str | None = None
    comment: str | None = None
    is_key: bool = False
    """Whether a foreign key or the primary key uses it."""


@dataclass
class Key:
    """A foreign key."""

    name: str | None
    column: str
    table: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Table:
    """A table."""

    name: str
    columns: list[Column]
    uniques: list[tuple[str | None, list[str]]] = field(default_factory=list)
    indexes: list[tuple[str, list[str], bool]] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    comment: str | None = None
    schema: str | None = None


@dataclass
class Models:
    """All tables of an app."""

    tables: list[Table] = field(default_factory=list)
    enums: dict[str, list[str]] = field(default_factory=dict)
    convention: dict[str, str] | None = None

    def __call__(self, metadata: sa.MetaData) -> None:
        """Define the tables."""
        if self.convention:
            metadata.naming_convention = self.convention  # type: ignore[assignment]
        enums = {
            name: sa.Enum(*values, name=name, metadata=metadata)
            for name, values in self.enums.items()
        }
        made = {}
        for table in self.tables:
            columns = [
                sa.Column(
                    each.name,
                    enums[each.type] if each.type in enums else TYPES[each.type](),
                    primary_key=each.name in ("id", "left", "right"),
                    nullable=each.nullable,
                    server_default=EXPRESSIONS.get(each.default or "", each.default),
                    comment=each.comment,
                )
                for each in table.columns
            ]
            made[table.name] = sa.Table(
                table.name,
                metadata,
                *columns,
                comment=table.comment,
                schema=table.schema,
            )
        for table in self.tables:
            target = made[table.name]
            for name, names in table.uniques:
                own = [target.c[each] for each in names]
                target.append_constraint(sa.UniqueConstraint(*own, name=name))
            for name, names, unique in table.indexes:
                sa.Index(name, *(target.c[each] for each in names), unique=unique)
            for key in table.keys:
                there = made[key.table].c.id
                target.append_constraint(
                    sa.ForeignKeyConstraint(
                        [target.c[key.column]], [there], name=key.name, **key.options
                    )
                )

    def given_names(self) -> set[str]:
        """Return the names of constraints and indexes that stand in the models."""
        return {
            name
            for table in self.tables
            for name in (
                *(each for each, _ in table.uniques),
                *(each for each, _, _ in table.indexes),
                *(each.name for each in table.keys),
            )
            if name is not None
        }


class Maker:
    """Makes models, and changes of them.

    :param kind: The kind of database.
    :param chance: Where chance comes from.
    """

    def __init__(self, kind: str, chance: random.Random) -> None:
        self.kind = kind
        self.chance = chance
        self.models = Models()
        self.number = 0

    def often(self, share: float) -> bool:
        """Whether something happens."""
        return self.chance.random() < share

    def name(self, stem: str) -> str:
        """Return a new name."""
        self.number += 1
        if self.often(0.2):
            name = f"{self.chance.choice(ODD)}{self.number}"
            return name.replace(".", "") if stem == "t" else name
        if self.often(0.15):
            return (
                f"{stem}_with_a_name_that_is_about_as_long_as_it_may_be_{self.number}"
            )
        return f"{stem}{self.number}"

    def first(self) -> Models:
        """Return new models."""
        if self.often(0.5):
            self.models.convention = CONVENTION
        for _ in range(self.chance.randrange(3)):
            self.add_enum()
        for _ in range(self.chance.randrange(1, 5)):
            self.add_table()
        for _ in range(self.chance.randrange(3)):
            self.add_key()
        return self.models

    def second(self) -> Models:
        """Return a change of the models."""
        before = self.models
        self.models = copy.deepcopy(before)
        changes = [
            self.add_table,
            self.drop_table,
            self.add_column,
            self.drop_column,
            self.change_type,
            self.change_nullable,
            self.change_default,
            self.change_comment,
            self.add_unique,
            self.drop_unique,
            self.add_index,
            self.drop_index,
            self.change_index,
            self.add_key,
            self.drop_key,
            self.change_key,
            self.change_enum,
        ]
        for _ in range(self.chance.randrange(1, 7)):
            self.chance.choice(changes)()
        if self.models.tables == before.tables:
            self.add_column()
        return self.models

    def table(self) -> Table:
        """Return one of the tables."""
        return self.chance.choice(self.models.tables)

    def column(self, table: Table) -> Column | None:
        """Return a column that no key uses."""
        columns = [each for each in table.columns if not each.is_key]
        return self.chance.choice(columns) if columns else None

    def add_enum(self) -> None:
        """Add an enum."""
        values = ["calm", "wild", "it's", "shy %"][: self.chance.randrange(2, 5)]
        self.models.enums[self.name("mood")] = values

    def add_table(self) -> None:
        """Add a table."""
        table = Table(self.name("t"), [])
        if self.kind == "postgresql" and self.often(0.15):
            table.schema = "sales"
        others = [each for each in self.models.tables if each.columns[0].name == "id"]
        if len(others) > 1 and self.often(0.15):
            for name in ("left", "right"):
                table.columns.append(Column(name, "integer", False, is_key=True))
                to = self.chance.choice(others).name
                table.keys.append(Key(self.key_name(), name, to))
        else:
            table.columns.append(Column("id", "integer", False, is_key=True))
        if self.kind != "sqlite":
            table.comment = self.chance.choice(NOTES)
        self.models.tables.append(table)
        for _ in range(self.chance.randrange(1, 6)):
            self.add_column(table)
        for _ in range(self.chance.randrange(2)):
            self.add_unique(table)
            self.add_index(table)

    def drop_table(self) -> None:
        """Drop a table, and the keys that point at it."""
        if len(self.models.tables) < 2:
            return
        gone = self.table()
        self.models.tables.remove(gone)
        for table in self.models.tables:
            table.keys = [key for key in table.keys if key.table != gone.name]

    def add_column(self, table: Table | None = None) -> None:
        """Add a column."""
        table = table or self.table()
        if self.models.enums and self.often(0.15):
            type_ = self.chance.choice(list(self.models.enums))
        else:
            family = self.chance.choice([*FAMILIES, "text", "number"])
            type_ = self.chance.choice(list(FAMILIES[family]))
        column = Column(self.name("c"), type_, nullable=self.often(0.6))
        if self.often(0.5):
            self.set_default(column)
        if self.kind != "sqlite":
            column.comment = self.chance.choice(NOTES)
        table.columns.append(column)

    def set_default(self, column: Column) -> None:
        """Give a column another default."""
        family = FAMILY_OF.get(column.type)
        defaults = DEFAULTS.get(family, []) if family else ["calm"]
        column.default = self.chance.choice([None, *defaults])

    def drop_column(self) -> None:
        """Drop a column with all that uses it."""
        table = self.table()
        column = self.chance.choice(table.columns)
        if column.name in ("id", "left", "right") or len(table.columns) < 2:
            return
        name = column.name
        table.columns.remove(column)
        table.uniques = [each for each in table.uniques if name not in each[1]]
        table.indexes = [each for each in table.indexes if name not in each[1]]
        table.keys = [each for each in table.keys if each.column != name]

    def change_type(self) -> None:
        """Give a column another type of its family."""
        table = self.table()
        column = self.column(table)
        if column is None or column.type not in FAMILY_OF:
            return
        family = FAMILY_OF[column.type]
        if family == "real":
            return
        indexed = [name for _, names, _ in table.indexes for name in names]
        indexed += [name for _, names in table.uniques for name in names]
        types = [
            each
            for each in FAMILIES[family]
            if each != "text" or column.name not in indexed
        ]
        column.type = self.chance.choice(types)

    def change_nullable(self) -> None:
        """Require a column, or no longer."""
        column = self.column(self.table())
        if column is not None:
            column.nullable = not column.nullable

    def change_default(self) -> None:
        """Give a column another default."""
        column = self.column(self.table())
        if column is not None:
            self.set_default(column)

    def change_comment(self) -> None:
        """Give a column and its table other comments."""
        if self.kind == "sqlite":
            return
        table = self.table()
        table.comment = self.chance.choice(NOTES)
        column = self.column(table)
        if column is not None:
            column.comment = self.chance.choice(NOTES)

    def columns_of_index(self, table: Table) -> list[str]:
        """Return columns that are not in the same order in an index."""
        names = [
            each.name
            for each in table.columns
            if FAMILY_OF.get(each.type) in IN_KEYS and each.type != "text"
        ]
        count = min(len(names), self.chance.choice([1, 1, 2]))
        return self.chance.sample(names, count)

    def is_unique(self, table: Table, names: list[str]) -> bool:
        """Whether there is a unique constraint or index on the columns."""
        sets = [set(each[1]) for each in table.uniques]
        sets += [set(each[1]) for each in table.indexes if each[2]]
        return set(names) in [*sets, {"id"}]

    def add_unique(self, table: Table | None = None) -> None:
        """Add a unique constraint."""
        table = table or self.table()
        names = self.columns_of_index(table)
        if not names or self.is_unique(table, names):
            return
        may_have_none = self.models.convention or self.kind != "sqlite"
        name = None if may_have_none and self.often(0.5) else self.name("uq")
        table.uniques.append((name, names))

    def drop_unique(self) -> None:
        """Drop a unique constraint."""
        table = self.table()
        if table.uniques:
            table.uniques.remove(self.chance.choice(table.uniques))

    def add_index(self, table: Table | None = None) -> None:
        """Add an index."""
        table = table or self.table()
        names = self.columns_of_index(table)
        if names and not self.is_unique(table, names):
            table.indexes.append((self.name("ix"), names, self.often(0.3)))

    def drop_index(self) -> None:
        """Drop an index."""
        table = self.table()
        if table.indexes:
            table.indexes.remove(self.chance.choice(table.indexes))

    def change_index(self) -> None:
        """Give an index other columns under its name."""
        table = self.table()
        if not table.indexes:
            return
        name, names, unique = table.indexes.pop()
        others = self.columns_of_index(table)
        if not others or self.is_unique(table, others):
            others = names
        table.indexes.append((name, others, unique))

    def key_name(self) -> str | None:
        """Return a name of a foreign key, or none."""
        return None if self.often(0.6) else self.name("fk")

    def add_key(self) -> None:
        """Add a foreign key, on a column of its own."""
        table = self.table()
        others = [each for each in self.models.tables if each.columns[0].name == "id"]
        if not others:
            return
        to = self.chance.choice(others)
        column = Column(self.name("r"), "integer", is_key=True)
        table.columns.append(column)
        table.keys.append(Key(self.key_name(), column.name, to.name, self.options()))

    def drop_key(self) -> None:
        """Drop a foreign key; its column stays."""
        table = self.table()
        if table.keys:
            table.keys.remove(self.chance.choice(table.keys))

    def change_key(self) -> None:
        """Give a foreign key other options."""
        keys = [
            key
            for table in self.models.tables
            for key in table.keys
            if key.column not in ("left", "right")
        ]
        if keys:
            self.chance.choice(keys).options = self.options()

    def options(self) -> dict[str, Any]:
        """Return options of a foreign key."""
        actions = [None, None, "CASCADE", "SET NULL", "RESTRICT"]
        options: dict[str, Any] = {
            "ondelete": self.chance.choice(actions),
            "onupdate": self.chance.choice([None, None, "CASCADE"]),
        }
        if self.kind != "mariadb" and self.often(0.2):
            options.update(deferrable=True, initially="DEFERRED")
        return options

    def change_enum(self) -> None:
        """Give an enum another value, or one less."""
        used = [
            column.type
            for table in self.models.tables
            for column in table.columns
            if column.type in self.models.enums
        ]
        if not used:
            return
        values = self.models.enums[self.chance.choice(used)]
        if len(values) > 2 and self.often(0.4):
            values.pop()
        else:
            values.insert(self.chance.randrange(1, len(values) + 1), self.name("mild"))


NAMED = re.compile(
    r"(?:CONSTRAINT (`[^`]*`|\"[^\"]*\"|\S+) (?=UNIQUE|FOREIGN|PRIMARY))"
    r"|(?<=KEY )(`[^`]*`)(?= \()"
)
SAME = re.compile(r"DEFAULT \(('[^']*'|[-\d.]+)\)")
"""A default in brackets, which is what SQLite says of one that was reflected."""


def normal(url: str, models: Models) -> list[str]:
    """Return what is in the database, as its own tools write it, line by line.

    The order of columns does not count: what comes back is the last one. Neither do names
    that the models do not give, where no convention gives them.
    """
    given = models.given_names()

    def named(match: re.Match[str]) -> str:
        name = (match[1] or match[2]).strip('`"').replace("``", "`")
        return match[0] if models.convention or name in given else ""

    lines: list[str] = []
    for statement in statements(url):
        text = SAME.sub(r"DEFAULT \1", NAMED.sub(named, statement))
        head, *rest = parts(" ".join(text.split()))
        lines += (f"{head}: {line}" for line in rest or [""])
    return sorted(lines)


def statements(url: str) -> list[str]:
    """Return the statements that make what is in the database."""
    if not url.startswith("sqlite"):
        # That of MariaDB has the commas at the ends of lines taken away.
        text = dump(url)
        return text.replace("\n  ", ",\n").replace("(,\n", "(").split(";\n")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    query = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(query).all()
    # A table that was copied has its name in quotes.
    return [
        f"CREATE TABLE {name} ({sql.partition('(')[2]}" if kind == "table" else sql
        for kind, name, sql in rows
    ]


def parts(text: str) -> Iterator[str]:
    """Yield what is before the first bracket, and then what the commas inside part."""
    depth, at, quote = 0, 0, ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
            continue
        if character in "\"'`":
            quote = character
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 1 and character in "(,":
            yield text[at:position].strip()
            at = position + 1
        if depth == 0 and character == ")":
            yield text[at:position].strip()
            at = position + 1
    yield text[at:].strip()


@contextmanager
def naming(seed: str, *models: Models) -> Iterator[None]:
    """Put the seed and the models into the message of a failure."""
    try:
        yield
    except AssertionError as error:
        lines = [f"seed {seed}: {error}", *map(repr, models)]
        raise AssertionError("\n".join(lines)) from error


@pytest.mark.sample(3)
@pytest.mark.filterwarnings("ignore:Cannot correctly sort tables")
@pytest.mark.parametrize(
    ("kind", "seed"), CASES, ids=[f"{kind}-{seed}" for kind, seed in CASES]
)
def test_there_and_back(
    tmp_path: Path, make_database: MakeDatabase, kind: str, seed: int
) -> None:
    maker = Maker(kind, random.Random(f"{kind}-{seed}"))
    first, second = maker.first(), maker.second()
    url = make_database(kind)
    steps = Rounds(tmp_path, url, ALEMBIC={"prove_revisions": True})
    with naming(f"{kind}-{seed}", first, second):
        steps.write(first, "first")
        assert "Proved on" in steps.output, steps.output
        steps.run(first, "upgrade")
        steps.run(first, "check")
        before = normal(url, first)
        steps.write(second, "second")
        assert "Proved on" in steps.output, steps.output
        steps.run(second, "upgrade")
        steps.run(second, "check")
        steps.run(second, "downgrade", "--yes")
        steps.agrees(first)
        after = normal(url, first)
        assert after == before, "\n".join(unified_diff(before, after, n=0))
