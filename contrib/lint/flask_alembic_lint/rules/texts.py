"""Rules about revisions and SQL text that cannot be looked into."""

# What a rule finds and why is said by the arguments of its decorator.
# ruff: noqa: D103

from __future__ import annotations

from collections.abc import Iterator

from ..facts.model import (
    ManyStatements,
    UnboundParameters,
    Unparsed,
)
from ..view import View
from .base import Hit, rule


@rule(
    "FA904",
    "revision that cannot be looked into",
    on={"*": "warning"},
    reason="""
    The functions of a revision are run with a database that is not there: once queries
    find nothing, once they find a row of ones. Where a function stops in both runs,
    what comes after that was not checked, and not checked does not mean safe: the guard
    refuses to run it. Read the revision, and waive this with what you found; or write
    it so that it does not depend on what a query returns. If no revision can be read,
    it is an error.
    """,
    rewrite="",
    unsafe="""
name = op.get_bind().execute(sa.text("SELECT to_regclass('users')")).scalar_one()
op.execute(f"UPDATE {name.lower()} SET first = true WHERE id = 1")
""",
)
def not_captured(view: View) -> Iterator[Hit]:
    if view.missing:
        names = ", ".join(dict.fromkeys(name for _, name in view.missing))
        yield Hit(
            f"{names} cannot be imported here, so what it does was not checked: a "
            "stand-in that does nothing took its place.",
            line=view.missing[0][0],
            unchecked=True,
        )
    if view.unwatched:
        names = ", ".join(dict.fromkeys(name for _, name in view.unwatched))
        yield Hit(
            f"{names} may have compiled code, which cannot be watched on this system, "
            "so what it does was not checked: a stand-in that does nothing took its "
            "place.",
            line=view.unwatched[0][0],
            unchecked=True,
        )
    reached = {(refusal.direction, refusal.line) for refusal in view.refusals}
    for failure in view.failures:
        if (failure.direction, failure.line) in reached:
            continue  # FA912 says why
        part = f"{failure.direction}()" if failure.direction else "The file"
        yield Hit(
            f"{part} stopped without a database, so what follows was not checked: "
            f"{failure.error}.".replace("..", "."),
            line=failure.line,
            unchecked=failure.direction != "downgrade",
        )


@rule(
    "FA905",
    "SQL that cannot be read",
    on={"*": "warning"},
    reason="""
    No rule could look at it: the parser does not know the SQL, or the SQL is put
    together only when it runs, as by EXECUTE in a DO block, or a custom operation shows
    none. It may be correct, but not checked does not mean safe: the guard refuses to
    run it. Read it, and waive this with what you found.
    """,
    rewrite="",
    unsafe="""
op.execute("DELETE users WHERE FROM id = 1")
""",
)
def not_parsed(view: View) -> Iterator[Hit]:
    for direction in view.facts:
        for fact in view.each(Unparsed, direction):
            yield Hit(
                f"This SQL could not be read and was not checked: {fact.error}.",
                fact,
                unchecked=direction == "upgrade",
            )


@rule(
    "FA907",
    "colon in SQL text taken for a parameter",
    on={"*": "error"},
    reason="""
    op.execute turns text into sqlalchemy.text, where a name after a colon is a
    parameter. Nothing gives it a value, so the revision fails. Write a backslash before
    the colon, or give the value.
    """,
    rewrite="""
# Write a backslash before the colon, or give the parameter a value with
# sa.text(...).bindparams(...).
""",
    unsafe="""
op.execute("UPDATE users SET theme = '{main:dark, size :big}' WHERE id = 1")
""",
)
def unbound_parameters(view: View) -> Iterator[Hit]:
    for direction in view.facts:
        for fact in view.each(UnboundParameters, direction):
            listed = ", ".join(f":{name}" for name in fact.names)
            yield Hit(
                f"{listed} is taken for a parameter without a value, so the revision "
                "fails.",
                fact,
            )


@rule(
    "FA906",
    "several statements in one op.execute",
    on={"sqlite": "error", "mysql": "warning", "mariadb": "warning"},
    reason="""
    SQLite's driver refuses it: You can only execute one statement at a time. PyMySQL
    refuses it unless told otherwise, and asyncpg always does.
    """,
    rewrite="""
# Send each statement with an op.execute of its own.
""",
    unsafe="""
op.execute("DELETE FROM a WHERE id = 1; DELETE FROM b WHERE id = 1")
""",
)
def many_statements(view: View) -> Iterator[Hit]:
    for direction in view.facts:
        for fact in view.each(ManyStatements, direction):
            yield Hit(
                f"{fact.count} statements are sent as one, which the driver may refuse.",
                fact,
            )


@rule(
    "FA912",
    "revision that reaches out by itself",
    on={"*": "warning"},
    reason="""
    A revision is run to be looked at, in a process that can only compute and read
    files: where it connects to a server, writes or removes a file, or starts a program,
    that is refused, and what it would do there was not checked. When it is applied it
    does it, outside the transaction of the migration: it stays done when the revision
    is rolled back, and plan, upgrade --sql and the guard do not know it. Use
    op.get_bind() for the database, and a script of its own for the rest; or
    waive this with what you found.
    """,
    rewrite="""
# In a revision, use the connection of the migration, which is rolled back with it:
op.get_bind()
""",
    unsafe="""
import pathlib

pathlib.Path("exported.csv").write_text("id,name")
""",
)
def reaches_out(view: View) -> Iterator[Hit]:
    stopped = {(failure.direction, failure.line) for failure in view.failures}
    for refusal in view.refusals:
        part = f"{refusal.direction}()" if refusal.direction else "The file"
        ends = (refusal.direction, refusal.line) in stopped
        yield Hit(
            f"{part} tried to {refusal.what}, which was refused"
            + (", and stopped: the rest of it" if ends else ": what that does")
            + " was not checked.",
            line=refusal.line,
            unchecked=refusal.direction != "downgrade",
        )
