"""The plugin: what the entry point names, and what each hook does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flask_alembic.hooks import Veto, hookimpl

from .errors import SettingError
from .setting import SETTING, is_on

if TYPE_CHECKING:
    import click
    from flask import Flask

    from flask_alembic import Alembic
    from flask_alembic.hooks import LintTarget, Problem


@hookimpl
def before_revision(app: Flask) -> None:
    """Refuse to make a revision while the setting is wrong."""
    try:
        is_on(app.config)
    except SettingError as error:
        raise Veto(error.message) from error


@hookimpl
def revision_generated(app: Flask) -> None:
    """Write the ``HEAD`` files; merges too."""
    if not is_on(app.config):
        return
    from .branches import branches
    from .head_file import write_all

    history = _alembic(app).script_directory
    write_all(Path(history.dir), branches(history))


@hookimpl
def lint_problems(app: Flask, target: LintTarget) -> Iterable[Problem]:
    """Report what is wrong with the ``HEAD`` file of the branch that a file heads.

    Every other file is left alone at once: a long history is asked file by file.
    """
    script = target.script
    if target.path is None or script is None or not script.is_head:
        return ()
    if not is_on(app.config):
        return ()
    from .problems import problems

    found = problems(_alembic(app).script_directory)
    return [problem for problem in found if problem.revision == target.revision]


@hookimpl
def register_commands(app: Flask, cli: click.Group) -> None:
    """Add ``flask db rebase`` and ``flask db headfile``, where it is turned on."""
    if app.config.get(SETTING):
        from .commands import headfile, rebase

        cli.add_command(rebase)
        cli.add_command(headfile)


def _alembic(app: Flask) -> Alembic:
    alembic: Alembic = app.extensions["alembic"]
    return alembic
