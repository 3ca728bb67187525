"""What each kind of database takes, for the tests of proving."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa


class Wrapped(sa.TypeDecorator[str]):
    impl = sa.String(40)
    cache_ok = True


class Strange(sa.types.UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        return "TEXT"


COMMON: dict[str, Callable[[], Any]] = {
    "integer": sa.Integer,
    "big": sa.BigInteger,
    "small": sa.SmallInteger,
    "string": lambda: sa.String(50),
    "string20": lambda: sa.String(20),
    "unicode": lambda: sa.Unicode(30),
    "text": sa.Text,
    "boolean": sa.Boolean,
    "date": sa.Date,
    "datetime": sa.DateTime,
    "time": sa.Time,
    "numeric": lambda: sa.Numeric(10, 2),
    "numeric8": lambda: sa.Numeric(8, 3),
    "float": sa.Float,
    "double": sa.Double,
    "binary": sa.LargeBinary,
    "json": sa.JSON,
    "uuid": sa.Uuid,
    "wrapped": Wrapped,
    "words": lambda: sa.Enum("a", "b", name="words", native_enum=False),
}
"""Types that are proved on every database, where they can be made."""

RARE: dict[str, Callable[[], Any]] = {
    "interval": sa.Interval,
    "strange": Strange,
    "char": lambda: sa.CHAR(4),
    "collated": lambda: sa.String(10, collation="C"),
    "anytime": lambda: sa.DateTime(timezone=True),
    "whole": lambda: sa.Numeric(6),
    "decimal": lambda: sa.DECIMAL(7, 1),
    "precise": lambda: sa.Float(53),
    "letters": lambda: sa.Enum("a", "b", name="letters"),
    "letters3": lambda: sa.Enum("a", "b", "c", name="letters3"),
    "varied": lambda: sa.String(50).with_variant(sa.Text(), "postgresql", "mysql"),
}
"""Types of which some databases say otherwise."""

TYPES = {**COMMON, **RARE}

TEXTS = ("string", "string20", "unicode", "text", "wrapped", "varied")
DEFAULTS: dict[str, list[Any]] = {
    "words": ["a", "b"],
    "char": ["new", "it's", sa.text("'old'")],
    "letters": ["a", sa.text("'b'")],
    **{name: ["new", "old", "", "a-b c", "it's", sa.text("'new'")] for name in TEXTS},
    "integer": ["0", "1", "-1", sa.text("0"), sa.text("1"), sa.text("1 + 1")],
    "big": ["0", sa.text("0"), "5"],
    "small": ["0", sa.text("0")],
    "boolean": [sa.true(), sa.false(), "1", sa.text("false"), sa.text("0")],
    "numeric": ["0", "1.5", sa.text("0"), sa.text("1.5"), "1.50"],
    "float": ["0", sa.text("0.5")],
    "double": ["0", sa.text("0.5")],
    "datetime": [sa.func.now(), sa.text("CURRENT_TIMESTAMP"), "2020-01-01 00:00:00"],
    "anytime": [sa.func.now(), sa.text("CURRENT_TIMESTAMP")],
    "date": [sa.text("CURRENT_DATE"), "2020-01-01"],
}


@dataclass(frozen=True)
class Kind:
    """What a database takes.

    :param types: Its types.
    :param refused: What not to use as a default of a type; ``*`` is any.
    :param comments: Whether it keeps comments.
    :param identity: Whether it has identity columns.
    :param deferrable: Whether foreign keys can be deferred.
    :param checks: Whether the first column can be in a check.
    :param twins: Whether unique constraints are told from unique indexes.
    :param text_keys: Whether long texts can be in an index.
    :param proved: The types that are proved.
    :param written: The defaults that are proved, by type.
    :param plain: Whether comments are such as can be proved.
    :param raw: Statements that make a table unusual, with ``{table}`` and ``{column}``.
    """

    types: tuple[str, ...]
    proved: frozenset[str]
    refused: frozenset[tuple[str, str]] = frozenset()
    comments: bool = True
    identity: bool = True
    deferrable: bool = True
    text_keys: bool = True
    checks: bool = True
    twins: bool = True
    raw: tuple[str, ...] = ()
    plain: bool = False
    written: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def common(self) -> Kind:
        """Return the same database with nothing but what is proved there."""
        refused = {
            (name, str(each))
            for name, choices in DEFAULTS.items()
            for each in choices
            if str(each) not in self.written.get(name, ())
        }
        return replace(
            self,
            types=tuple(sorted(self.proved)),
            refused=frozenset(refused),
            raw=(),
            plain=True,
        )


POSTGRESQL = Kind(
    types=tuple(TYPES),
    proved=frozenset(COMMON) | {"char", "anytime", "letters", "letters3", "decimal"},
    refused=frozenset(
        # With these Alembic itself fails on the server.
        [(name, "it's") for name in (*TEXTS, "char")] + [("boolean", "0")]
    ),
    written={
        **{name: ("new", "old", "", "a-b c", "'new'") for name in TEXTS},
        "words": ("a", "b"),
        "char": ("new", "'old'"),
        "letters": ("a", "'b'"),
        "integer": ("0", "1"),
        "big": ("0", "5"),
        "small": ("0",),
        "boolean": ("true", "false"),
        "numeric": ("0", "1.5"),
        "datetime": ("now()", "CURRENT_TIMESTAMP"),
        "anytime": ("now()", "CURRENT_TIMESTAMP"),
    },
    raw=(
        "CREATE INDEX raw_{name} ON {table} ({column}) WHERE {column} > 5",
        "CREATE INDEX raw_{name} ON {table} ({column} DESC)",
        "CREATE INDEX raw_{name} ON {table} (abs({column}))",
        "CREATE INDEX raw_{name} ON {table} USING hash ({column})",
        "CREATE UNIQUE INDEX raw_{name} ON {table} ({column}) INCLUDE (c0)",
        "ALTER TABLE {table} ADD COLUMN raw integer GENERATED ALWAYS AS (3) STORED",
        "ALTER TABLE {table} ADD CONSTRAINT raw_{name} UNIQUE ({column}) DEFERRABLE",
        "ALTER TABLE {table} ALTER {column} SET DEFAULT 4",
        "CREATE TABLE part_{name} () INHERITS ({table})",
        "ALTER TABLE {table} RENAME c0 TO raw",
        "ALTER TABLE {table} ADD COLUMN raw serial",
        "ALTER TABLE {table} DROP COLUMN c0",
    ),
)


MARIADB = Kind(
    types=tuple(sorted(set(TYPES) - {"collated"})),
    proved=frozenset(COMMON) | {"char", "anytime", "letters", "letters3", "decimal"},
    # SQLAlchemy 2.0 writes the sum without the parentheses that the servers want.
    refused=frozenset(
        [("binary", "*"), ("json", "*"), ("varied", "*"), ("integer", "1 + 1")]
    ),
    written={
        **{name: ("new", "old", "a-b c", "'new'") for name in TEXTS},
        "words": ("a", "b"),
        "char": ("new", "'old'"),
        "letters": ("a", "'b'"),
        "integer": ("0", "1"),
        "big": ("0", "5"),
        "small": ("0",),
        "datetime": ("CURRENT_TIMESTAMP",),
        "anytime": ("CURRENT_TIMESTAMP",),
        "float": ("0", "0.5"),
        "double": ("0", "0.5"),
        "boolean": ("1", "0"),
    },
    identity=False,
    deferrable=False,
    text_keys=False,
    checks=False,
    twins=False,
    raw=(
        "CREATE INDEX raw_{name} ON {table} ({column} DESC)",
        "CREATE INDEX raw_{name} ON {table} ({column}, c0(2))",
        "ALTER TABLE {table} ADD COLUMN raw integer AS (3) STORED",
        "ALTER TABLE {table} ADD COLUMN raw datetime ON UPDATE current_timestamp()",
        "ALTER TABLE {table} ADD COLUMN raw timestamp",
        "ALTER TABLE {table} ADD COLUMN raw integer INVISIBLE",
        "ALTER TABLE {table} RENAME COLUMN c0 TO raw",
        "ALTER TABLE {table} DROP COLUMN c0",
        "CREATE INDEX c0 ON {table} ({column})",
        "CREATE UNIQUE INDEX raw_{name} ON {table} ({column})",
        "ALTER TABLE {table} PARTITION BY HASH ({column}) PARTITIONS 2",
        "ALTER TABLE {table} ENGINE = MyISAM",
        "ALTER TABLE {table} CONVERT TO CHARACTER SET latin1",
    ),
)

SQLITE = Kind(
    types=tuple(sorted(set(TYPES) - {"collated"})),
    proved=frozenset(COMMON) | {"char", "anytime", "letters", "letters3", "decimal"},
    # As above.
    refused=frozenset([("integer", "1 + 1")]),
    written={
        **{name: ("new", "old", "a-b c", "'new'") for name in TEXTS},
        "words": ("a", "b"),
        "char": ("new", "'old'"),
        "letters": ("a", "'b'"),
        "integer": ("0", "1"),
        "big": ("0", "5"),
        "small": ("0",),
        "datetime": ("CURRENT_TIMESTAMP",),
        "anytime": ("CURRENT_TIMESTAMP",),
        "date": ("CURRENT_DATE",),
        "float": ("0", "0.5"),
        "double": ("0", "0.5"),
    },
    identity=False,
    raw=(
        "CREATE INDEX raw_{name} ON {table} ({column} DESC)",
        "CREATE INDEX raw_{name} ON {table} ({column}) WHERE {column} > 5",
        "CREATE INDEX raw_{name} ON {table} (abs({column}))",
        "CREATE INDEX raw_{name} ON {table} (c0 COLLATE NOCASE)",
        "CREATE UNIQUE INDEX raw_{name} ON {table} ({column})",
        "ALTER TABLE {table} ADD COLUMN raw integer AS (3)",
        "ALTER TABLE {table} ADD COLUMN raw varchar(9) DEFAULT 'x'",
        "ALTER TABLE {table} ADD COLUMN raw integer REFERENCES {table} (id)",
        "ALTER TABLE {table} RENAME COLUMN c0 TO raw",
        "ALTER TABLE {table} DROP COLUMN c0",
    ),
)

KINDS = {"sqlite": SQLITE, "mariadb": MARIADB, "postgresql": POSTGRESQL}
"""What each database takes, by its name in the tests."""
