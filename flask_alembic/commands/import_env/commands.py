"""The Click command ``flask db import-env``."""

from __future__ import annotations

from pathlib import Path

import click

from ...cli.base_command import command
from ...cli.context import get_extension
from ...cli.text import counted
from ...errors import CheckFailed


@command("import-env")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--write",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the settings to this new file.",
)
@click.option("--check", is_flag=True, help="Exit with 1 if a part needs a person.")
def import_env(folder: Path | None, write: Path | None, check: bool) -> None:
    """Read an env.py and alembic.ini, and show what sets the same here.

    Each part of them is not needed here, set by a key or a hook, without a counterpart,
    or not recognised. Nothing of them is executed. FOLDER holds env.py or alembic.ini;
    by default it is the folder of revisions.

    Example: flask db import-env migrations --write migration_settings.py
    """
    result = get_extension().import_env(folder, write=write, check=check)
    if check and not result.ok:
        raise CheckFailed(
            f"{counted(len(result.remaining), 'part')} of {result.files[0]} "
            f"{'needs' if len(result.remaining) == 1 else 'need'} a person.",
            "Each is listed above with what to do.",
        )
