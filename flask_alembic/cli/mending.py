"""Base functions that find out what is wrong, and mend it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CheckFailed
from .base import get_extension
from .output import echo, note
from .progress import shown

if TYPE_CHECKING:
    from ..commands.drift import DatabaseDrift
    from ..commands.mending.findings import Finding


def doctor(databases: Sequence[str] = (), fix: bool = False) -> None:
    """Show what is wrong with history and databases; fail if anything stays so.

    :param databases: Only these databases.
    :param fix: Mend what is safe to mend.
    """
    with shown():
        found = get_extension().doctor(databases, fix=fix)
    for finding in found:
        _finding(finding)
    left = [finding for finding in found if not finding.fixed]
    if not found:
        echo("Nothing is wrong.", fg="green")
    elif not left:
        echo("Everything that was wrong is mended.", fg="green")
    else:
        safe = any(finding.fixable for finding in left)
        raise CheckFailed(
            f"{_count(len(left), 'thing')} to mend.",
            "flask db doctor --fix mends what is safe to mend."
            if safe
            else "Each is listed above with the command for it.",
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _finding(finding: Finding) -> None:
    echo(f"{finding.code}: {finding.message}", fg="green" if finding.fixed else "red")
    for line in finding.done:
        echo(f"  {line}.", fg="green")
    if finding.fixed:
        return
    if finding.advice:
        echo(f"  {finding.advice}")
    echo(f"  $ {finding.command}", bold=True)


def drift(
    databases: Sequence[str] = (),
    ignore: Sequence[str] = (),
    scratch_url: str | None = None,
    x_arguments: Sequence[str] = (),
) -> None:
    """Show in what models, revisions and databases differ; fail if they do.

    :param databases: Only these databases.
    :param ignore: Patterns of names to leave out.
    :param scratch_url: Where to make the scratch database.
    :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
    """
    with shown():
        result = get_extension().drift(
            databases, ignore=ignore, scratch_url=scratch_url, x_arguments=x_arguments
        )
    for one in result.databases:
        _drift(one)
    if result.ignored:
        note(f"{_count(result.ignored, 'difference')} left out by the ignore list.")
    if not result.ok:
        raise CheckFailed(
            "There is drift.",
            "What is only in the models needs a revision; what is only in the database "
            "was changed by hand, or by a revision that is not here any more.",
        )


def _drift(one: DatabaseDrift) -> None:
    at = ", ".join(one.current) or "base"
    echo(f"Database {one.database!r} at {at}:", bold=True)
    for pair, differences in one.pairs.items():
        if pair == "models and database" and one.pending:
            echo(f"  {pair}: not compared; there are pending revisions")
        elif not differences:
            echo(f"  {pair}: the same", fg="green")
        else:
            echo(f"  {pair}: {_count(len(differences), 'difference')}", fg="red")
        for each in differences:
            echo(f"    - {each.text}")


_STATES = {
    "empty": "is empty: flask db upgrade builds it.",
    "versioned": "is under migration already, at {revisions}.",
    "adopted": "was adopted: {tables} as the revisions build them; it is at {revisions}.",
    "equal": "has {tables} as the revisions build them; it can be adopted.",
}


def adopt(databases: Sequence[str] = (), **options: Any) -> None:
    """Bring databases under migration that were made by other means.

    :param databases: Only these databases.
    :param options: As for :meth:`flask_alembic.Alembic.adopt`.
    """
    from ..commands.invocation import last_report

    with shown():
        adopted = get_extension().adopt(databases, **options)
    report = last_report.get()
    for script in report.scripts if report is not None else ():
        echo(f"Generated {script.path}")
    for one in adopted:
        text = _STATES[one.state].format(
            revisions=", ".join(one.revisions) or "base",
            tables=_count(one.tables, "table"),
        )
        echo(f"Database {one.database!r} {text}")
        if one.ignored:
            note(f"{_count(one.ignored, 'difference')} left out by the ignore list.")


def squash(range: str, keep: str | None = None, **options: Any) -> None:
    """Write one revision in place of a stretch of the history.

    :param range: ``FROM:TO``, both ends squashed.
    :param keep: The folder to move the old files to.
    :param options: As for :meth:`flask_alembic.Alembic.squash`.
    """
    folder = Path(keep) if keep else None
    with shown():
        done = get_extension().squash(range, keep=folder, **options)
    echo(f"Generated {done.path}")
    where = f"moved to {done.kept}" if done.kept else "removed"
    echo(
        f"{done.revision} stands for {_count(len(done.squashed), 'revision')} now; their "
        f"files were {where}. Both histories build the same."
    )
    for step in done.data_steps:
        note(f"Not done any more: {step}", fg="yellow")
    for rows in done.rows:
        note(f"Rows: {rows}", fg="yellow")
    if done.downgrade:
        note(f"Its downgrade() does not lead back: {done.downgrade}", fg="yellow")
    note(
        "Databases at the end of it or later need nothing; one in the middle has to be "
        "upgraded with the old files."
    )
