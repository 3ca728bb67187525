"""Revision files written for a test."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

_TEXT = '''"""{message}"""

import sqlalchemy as sa
from alembic import context, op

revision = {revision!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends!r}


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''


def write_revision(
    where: Flask | Path,
    revision: str,
    down: str | Sequence[str] | None = None,
    upgrade: str | Iterable[str] = "pass",
    downgrade: str | Iterable[str] = "pass",
    *,
    message: str | None = None,
    labels: str | Sequence[str] | None = None,
    depends: str | Sequence[str] | None = None,
    name: str | None = None,
) -> Path:
    """Write a revision file, in which ``op``, ``sa`` and ``context`` are imported.

    :param where: The app, or the folder; it is made if it is missing.
    :param revision: Its id.
    :param down: Its parents.
    :param upgrade: The statements of ``upgrade()``: lines, or one text; what
        all its lines are indented by is taken off.
    :param downgrade: The statements of ``downgrade()``.
    :param message: What its docstring says; ``revision <id>`` by default.
    :param labels: Its branch labels.
    :param depends: What it depends on.
    :param name: The name of the file; ``<id>_.py`` by default.
    :return: The file; one of that name that is there is replaced.

    .. versionadded:: 4.0
    """
    folder = where if isinstance(where, Path) else _folder_of(where)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or f"{revision}_.py")
    text = _TEXT.format(
        message=message or f"revision {revision}",
        revision=revision,
        down=_plain(down),
        labels=_plain(labels),
        depends=_plain(depends),
        upgrade=_indented(upgrade),
        downgrade=_indented(downgrade),
    )
    path.write_text(text, "utf-8")
    return path


def write_tables(where: Flask | Path, count: int) -> None:
    """Write a chain of revisions that make a table each.

    Number ``n`` has the id ``r<n>`` and creates ``table_<n>``. A file that is there is
    left as it is.

    :param where: The app, or the folder.
    :param count: How many.
    """
    folder = where if isinstance(where, Path) else _folder_of(where)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        if not (folder / f"r{number}_.py").exists():
            write_revision(
                folder,
                f"r{number}",
                f"r{number - 1}" if number > 1 else None,
                f'op.create_table("table_{number}", '
                'sa.Column("id", sa.Integer, primary_key=True))',
                f'op.drop_table("table_{number}")',
            )


def _folder_of(app: Flask) -> Path:
    """Return the first folder of revisions of an app."""
    from .database import environment_of

    with app.app_context():
        return environment_of(app).locations.paths[0]


def _plain(names: str | Sequence[str] | None) -> str | tuple[str, ...] | None:
    return names if names is None or isinstance(names, str) else tuple(names)


def _indented(body: str | Iterable[str]) -> str:
    if isinstance(body, str):
        body = textwrap.dedent(body).strip("\n").splitlines()
    return "\n".join(f"    {line}".rstrip() for line in body)
