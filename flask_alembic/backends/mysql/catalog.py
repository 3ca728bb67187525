"""MariaDB's tables in the words of its ``information_schema``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

from ..catalog import FIELD, Catalog, CatalogElement, Elements, Key, StoredCheck
from ..statements import INTERNAL
from .definitions import column_definition, restoring

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LINE: Final = "\x1d"
_NAME: Final = "\x1e"

# Each row holds all parts of one kind that one table has: name, \x1e, what there is to
# say of it; the parts are separated by \x1d.
QUERY: Final = """
SET STATEMENT group_concat_max_len = 67108864 FOR
SELECT TABLE_SCHEMA, TABLE_NAME, 'table', CONCAT('', {name}, CONCAT_WS({field},
    TABLE_TYPE, IFNULL(ENGINE, ''), IFNULL(ROW_FORMAT, ''), IFNULL(TABLE_COLLATION, ''),
    IFNULL(CREATE_OPTIONS, 'partitioned'), IFNULL(TABLE_COMMENT, '')))
FROM information_schema.TABLES
WHERE TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW', 'SEQUENCE', 'TEMPORARY') AND {wanted}
UNION ALL
SELECT TABLE_SCHEMA, TABLE_NAME, 'column', GROUP_CONCAT(CONCAT(
    COLUMN_NAME, {name}, CONCAT_WS({field}, COLUMN_TYPE, IFNULL(CHARACTER_SET_NAME, ''),
    IFNULL(COLLATION_NAME, ''), IS_NULLABLE, EXTRA, IFNULL(COLUMN_DEFAULT, 'none'),
    IFNULL(GENERATION_EXPRESSION, ''), COLUMN_COMMENT)
  ) SEPARATOR {line})
FROM information_schema.COLUMNS WHERE {wanted}
GROUP BY TABLE_SCHEMA, TABLE_NAME
UNION ALL
SELECT TABLE_SCHEMA, TABLE_NAME,
  IF(INDEX_NAME = 'PRIMARY', 'primary key', 'index'),
  CONCAT(INDEX_NAME, {name}, CONCAT_WS({field}, IF(MAX(NON_UNIQUE), '', 'UNIQUE'),
    MAX(INDEX_TYPE), MAX(IFNULL(COMMENT, '')), MAX(INDEX_COMMENT), MAX(IGNORED),
    GROUP_CONCAT(CONCAT_WS(' ', COLUMN_NAME, IFNULL(COLLATION, 'unordered'), SUB_PART)
      ORDER BY SEQ_IN_INDEX SEPARATOR ', ')))
FROM information_schema.STATISTICS WHERE {wanted}
GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME
UNION ALL
SELECT TABLE_SCHEMA, TABLE_NAME, 'foreign key', CONCAT(CONSTRAINT_NAME, {name},
    CONCAT_WS({field}, GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION SEPARATOR ', '),
    IF(TABLE_SCHEMA = REFERENCED_TABLE_SCHEMA, '', REFERENCED_TABLE_SCHEMA),
    REFERENCED_TABLE_NAME,
    GROUP_CONCAT(REFERENCED_COLUMN_NAME ORDER BY ORDINAL_POSITION SEPARATOR ', ')))
FROM information_schema.KEY_COLUMN_USAGE
WHERE {wanted} AND REFERENCED_TABLE_NAME IS NOT NULL
GROUP BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_SCHEMA,
  REFERENCED_TABLE_NAME
UNION ALL
SELECT CONSTRAINT_SCHEMA, TABLE_NAME, 'rules', GROUP_CONCAT(CONCAT(CONSTRAINT_NAME,
    {name}, CONCAT_WS({field}, MATCH_OPTION, UPDATE_RULE, DELETE_RULE)) SEPARATOR {line})
FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE {of_constraints}
GROUP BY CONSTRAINT_SCHEMA, TABLE_NAME
UNION ALL
SELECT CONSTRAINT_SCHEMA, TABLE_NAME, 'check constraint', GROUP_CONCAT(CONCAT(
    CONSTRAINT_NAME, {name}, CONCAT_WS({field}, LEVEL, CHECK_CLAUSE)) SEPARATOR {line})
FROM information_schema.CHECK_CONSTRAINTS WHERE {of_constraints}
GROUP BY CONSTRAINT_SCHEMA, TABLE_NAME
"""
_SYSTEM: Final = "('information_schema', 'mysql', 'performance_schema', 'sys')"


class MySQLCatalog(Catalog):
    """The ``information_schema`` of MariaDB 10.6 and later."""

    reverts_ddl = False

    def elements(
        self,
        connection: Connection,
        schemas: bool,
        keys: Collection[Key] | None = None,
    ) -> Elements:
        """Read every table with one query; there is nothing that it could break.

        A partitioned table has no parts: the catalog has its partitions elsewhere.
        """
        wanted = f"{{}} NOT IN {_SYSTEM}" if schemas else "{} = DATABASE()"
        query = QUERY.format(
            wanted=wanted.format("TABLE_SCHEMA"),
            of_constraints=wanted.format("CONSTRAINT_SCHEMA"),
            field=f"'{FIELD}'",
            name=f"'{_NAME}'",
            line=f"'{_LINE}'",
        )
        rows = connection.exec_driver_sql(query, execution_options=INTERNAL).all()
        default = connection.dialect.default_schema_name
        parts: dict[Key, list[CatalogElement]] = {}
        described: dict[Key, bool] = {}
        for schema, table, kind, words in rows:
            key = (None if schema == default else schema, table)
            if kind == "table":
                described[key] = "partitioned" not in words
            parts.setdefault(key, []).extend(
                CatalogElement(kind, *line.split(_NAME, 1))
                for line in words.split(_LINE)
            )
        return {
            # A view has columns too.
            key: tuple(sorted(parts[key])) if in_full else ()
            for key, in_full in described.items()
        }

    def column_sequences(self, parts: Iterable[CatalogElement]) -> dict[str, str]:
        """Return which columns have ``AUTO_INCREMENT``."""
        return {
            each.name: "counts" if "auto_increment" in each.text.split(FIELD)[4] else ""
            for each in parts
            if each.kind == "column"
        }

    def checks(self, parts: Iterable[CatalogElement]) -> list[StoredCheck]:
        """Return them as ``CHECK_CONSTRAINTS`` has them, but for those of a type."""
        found = []
        for each in parts:
            if each.kind != "check constraint":
                continue
            level, _, clause = each.text.partition(FIELD)
            column = each.name if level == "Column" else None
            if column is None or not clause.startswith("json_valid("):
                found.append(StoredCheck(each.name, clause, column))
        return found

    def drop_check(
        self, connection: Connection, key: Key, check: StoredCheck
    ) -> tuple[str, str] | None:
        """Return the statements that define the column anew."""
        if check.column is None:
            return None
        table = ".".join(filter(None, key))
        line = column_definition(connection, table, check.column)
        clause = f" CHECK ({check.expression})"
        if clause not in line:
            return None
        head, _, tail = line.rpartition(clause)
        return restoring(table, head + tail), restoring(table, line)

    def settings(self, connection: Connection) -> str:
        """Return character set, collation and engine of new tables, and the SQL mode."""
        query = (
            "SELECT CONCAT_WS(' ', @@character_set_database, @@collation_database, "
            "@@default_storage_engine, @@sql_mode)"
        )
        result = connection.exec_driver_sql(query, execution_options=INTERNAL)
        return str(result.scalar())
