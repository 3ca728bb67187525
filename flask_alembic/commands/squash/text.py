"""What ``flask db squash`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...cli.text import counted, readable

if TYPE_CHECKING:
    from ...cli.writer import Writer
    from ...hooks.payloads import Report


def show_squash(report: Report, writer: Writer) -> None:
    """Write which revision replaces which, and what it does not do.

    :param report: Its ``data`` holds the fields of
        :class:`~flask_alembic.results.SquashResult`.
    :param writer: What writes.
    """
    data = report.data
    writer.line(f"Generated {data['path']}")
    where = f"moved to {data['kept']}" if data["kept"] else "removed"
    revisions = counted(len(data["squashed"]), "revision")
    writer.line(
        f"{data['revision']} now replaces {revisions}; their files were {where}. Both "
        "histories produce the same schema"
        + (", but for what was left out." if data["left_out"] else ".")
    )
    for step in data["data_steps"]:
        writer.note(f"No longer performed: {step}", fg="yellow")
    for each in data["left_out"]:
        writer.note(f"Left out: {readable(each)}", fg="yellow")
    for rows in data["rows"]:
        writer.note(f"Rows: {rows}", fg="yellow")
    if data["downgrade"]:
        writer.note(
            f"Its downgrade() does not revert it: {data['downgrade']}", fg="yellow"
        )
    writer.note(
        "Databases at its id or later need nothing; upgrade one in the middle of the old "
        "revisions with the old files."
    )
