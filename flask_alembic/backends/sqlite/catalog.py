"""SQLite's tables as the statements that it keeps of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from ..catalog import (
    Catalog,
    CatalogElement,
    CatalogNotReadable,
    Elements,
    Key,
    StoredCheck,
)
from ..statements import INTERNAL

if TYPE_CHECKING:
    from sqlalchemy import Connection

QUERY: Final = """
SELECT type, tbl_name, name, sql FROM main.sqlite_master
WHERE type IN ('table', 'index') AND sql IS NOT NULL
  AND substr(tbl_name, 1, 7) <> 'sqlite_'
"""
_TOKEN: Final = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]"""
    r"""|--[^\n]*|/\*.*?\*/|\s+|\w+|.""",
    re.DOTALL,
)
_SKIPPED: Final = re.compile(r"\s|--|/\*")
_PLAIN: Final = re.compile(r'"(\w+)"')
_CONSTRAINTS: Final = {
    "PRIMARY": "primary key",
    "FOREIGN": "foreign key",
    "UNIQUE": "unique constraint",
    "CHECK": "check constraint",
}


class SQLiteCatalog(Catalog):
    """``sqlite_master``: the text of each ``CREATE`` statement is all there is.

    Whitespace, comments, needless quotes and the order of columns and constraints are
    left out.
    """

    reflects_no_expressions = True

    def elements(
        self,
        connection: Connection,
        schemas: bool,
        keys: Collection[Key] | None = None,
    ) -> Elements:
        """Read every table of the main database with one query."""
        if schemas:
            raise CatalogNotReadable("attached databases")
        rows = connection.exec_driver_sql(QUERY, execution_options=INTERNAL).all()
        parts: dict[Key, list[CatalogElement]] = {}
        indexes: list[tuple[Key, CatalogElement]] = []
        for type_, table, name, sql in rows:
            tokens = tokens_of(sql)
            if type_ == "table":
                parts[None, table] = list(definition_parts(tokens))
            else:
                text = " ".join(tokens)
                indexes.append(((None, table), CatalogElement("index", name, text)))
        for key, element in indexes:
            if parts.get(key):
                parts[key].append(element)
        return {key: tuple(sorted(each)) for key, each in parts.items()}

    def table_options(self, connection: Connection, table: str) -> dict[str, Any]:
        """Return whether its key is never used again."""
        query = "SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name = ?"
        result = connection.exec_driver_sql(query, (table,), execution_options=INTERNAL)
        words = {token.upper() for token in tokens_of(str(result.scalar() or ""))}
        return {"sqlite_autoincrement": True} if "AUTOINCREMENT" in words else {}

    def indexes(self, parts: Iterable[CatalogElement]) -> dict[str, str]:
        """Return them without ``ASC``, and without the case of words."""
        return {
            each.name: " ".join(
                token if token[0] in "'\"`[" else token.casefold()
                for token in tokens_of(each.text)
                if token.casefold() != "asc"
            )
            for each in parts
            if each.kind == "index"
        }

    def index_statement(
        self, connection: Connection, parts: Iterable[CatalogElement], name: str
    ) -> str | None:
        """Return the statement as ``sqlite_master`` has it."""
        query = "SELECT sql FROM main.sqlite_master WHERE type = 'index' AND name = ?"
        result = connection.exec_driver_sql(query, (name,), execution_options=INTERNAL)
        sql = result.scalar()
        return None if sql is None else str(sql)

    def checks(self, parts: Iterable[CatalogElement]) -> list[StoredCheck]:
        """Return those of the table and of its columns, whose text has them."""
        kinds = ("column", "check constraint")
        return [
            stored_check(name, expression)
            for each in parts
            if each.kind in kinds
            for name, expression in written_checks(f"( {each.text} )")
        ]

    def words_of(self, expression: str) -> str:
        """Return an expression without what makes no difference."""
        return " ".join(tokens_of(expression))

    def check_texts(self, connection: Connection, table: str) -> dict[StoredCheck, str]:
        """Return them as ``CREATE TABLE`` has them."""
        query = "SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name = ?"
        result = connection.exec_driver_sql(query, (table,), execution_options=INTERNAL)
        return {
            stored_check(name, text): text
            for name, text in written_checks(str(result.scalar()))
        }


def stored_check(name: str | None, expression: str) -> StoredCheck:
    """Return a constraint without what makes no difference in its expression.

    :param name: Its name.
    :param expression: As it was written.
    """
    return StoredCheck(name, " ".join(tokens_of(expression)))


def tokens_of(sql: str) -> list[str]:
    """Return the words and signs of a statement, names without needless quotes."""
    return [
        _PLAIN.sub(r"\1", token) if token[0] == '"' else token
        for token in _TOKEN.findall(sql)
        if not _SKIPPED.match(token)
    ]


def written_checks(definition: str) -> list[tuple[str | None, str]]:
    """Return the name and expression of each ``CHECK`` constraint.

    :param definition: The ``CREATE TABLE`` statement.
    """
    signs = [
        sign for sign in _TOKEN.findall(definition) if sign[:2] not in ("--", "/*")
    ]
    found: list[tuple[str | None, str]] = []
    words = [""] * 3
    depth, begin = 0, 0
    name: str | None = None
    for at, sign in enumerate(signs):
        if sign.isspace():
            continue
        if sign == "(":
            depth += 1
            if depth == 2 and words[-1].upper() == "CHECK":
                begin = at + 1
                named = words[-3].upper() == "CONSTRAINT"
                name = unquoted(words[-2]) if named else None
        elif sign == ")":
            depth -= 1
            if depth == 1 and begin:
                found.append((name, "".join(signs[begin:at]).strip()))
                begin = 0
        words.append(sign)
    return found


def unquoted(token: str) -> str:
    """Return the name that a token is.

    :param token: A word, in quotes or not.
    """
    closing = {"[": "]"}.get(token[0], token[0])
    if len(token) < 2 or token[0] not in "\"'`[" or token[-1] != closing:
        return token
    return token[1:-1].replace(closing * 2, closing)


def definition_parts(tokens: list[str]) -> Iterator[CatalogElement]:
    """Yield the parts of ``CREATE TABLE``; none of what is written otherwise."""
    if [word.upper() for word in tokens[:2]] != [
        "CREATE",
        "TABLE",
    ] or "(" not in tokens:
        return
    begin = tokens.index("(")
    depth, definition = 0, list[str]()
    for at, token in enumerate(tokens[begin:], begin):
        depth += (token == "(") - (token == ")")
        if depth == 0 or (depth == 1 and token == ","):
            yield _definition(definition)
            definition = []
            if depth == 0:
                yield CatalogElement("table", "", " ".join(tokens[at + 1 :]))
                return
        elif at > begin:
            definition.append(token)


def _definition(tokens: list[str]) -> CatalogElement:
    text, named = " ".join(tokens), tokens[:1] == ["CONSTRAINT"]
    word = tokens[2 if named else 0].upper() if len(tokens) > 2 else ""
    if word in _CONSTRAINTS:
        return CatalogElement(_CONSTRAINTS[word], tokens[1] if named else "", text)
    return CatalogElement("column", tokens[0] if tokens else "", text)
