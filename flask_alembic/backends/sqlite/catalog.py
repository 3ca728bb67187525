"""SQLite's tables as the statements that it keeps of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from ..catalog import Catalog, CatalogElement, CatalogNotReadable, Elements, Key
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


def tokens_of(sql: str) -> list[str]:
    """Return the words and signs of a statement, names without needless quotes."""
    return [
        _PLAIN.sub(r"\1", token) if token[0] == '"' else token
        for token in _TOKEN.findall(sql)
        if not _SKIPPED.match(token)
    ]


def unnamed_checks(definition: str) -> list[str]:
    """Return the expressions of the ``CHECK`` constraints that have no name.

    :param definition: The ``CREATE TABLE`` statement.
    """
    signs = [
        sign for sign in _TOKEN.findall(definition) if sign[:2] not in ("--", "/*")
    ]
    found: list[str] = []
    words = [""] * 2
    depth, begin = 0, 0
    for at, sign in enumerate(signs):
        if sign.isspace():
            continue
        if sign == "(":
            depth += 1
            if depth == 2 and words[-1].upper() == "CHECK":
                begin = at + 1 if words[-3].upper() != "CONSTRAINT" else 0
        elif sign == ")":
            depth -= 1
            if depth == 1 and begin:
                found.append("".join(signs[begin:at]).strip())
                begin = 0
        words.append(sign)
    return found


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
