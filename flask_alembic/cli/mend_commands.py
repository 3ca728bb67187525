"""Commands that find out what is wrong, and mend it."""

from __future__ import annotations

from typing import Any

import click

from .completion import RANGE, REVISION
from .options import command, databases, message, rev_id, x_arguments

_scratch_url = click.option(
    "--scratch-url",
    metavar="URL",
    help="Where to make scratch databases; beside the live one by default.",
)
_ignore = click.option(
    "--ignore",
    multiple=True,
    metavar="PATTERN",
    help="Leave out what has that name, like celery_*; may be repeated.",
)


@command("doctor")
@databases
@click.option("--fix", is_flag=True, help="Mend what is safe to mend.")
def doctor(**options: Any) -> None:
    """Show what is wrong with history and databases, and how to mend it.

    --fix widens the version column, and deletes rows of the version table that are
    empty, repeated or ancestors of others. Ends with 1 if anything stays wrong.

    Example: flask db doctor --fix
    """
    from . import mending

    mending.doctor(**options)


@command("drift")
@databases
@_ignore
@_scratch_url
@x_arguments
def drift(**options: Any) -> None:
    """Compare models, revisions and databases, each with the others.

    The revisions are run on a scratch database; the live one is only read. Ends with 1
    if anything differs.

    Example: flask db drift --ignore 'celery_*'
    """
    from . import mending

    mending.drift(**options)


@command("adopt")
@databases
@click.option(
    "--baseline",
    default="heads",
    type=REVISION,
    metavar="REVISION",
    help="The revision whose tables the database has.",
)
@click.option(
    "--generate", is_flag=True, help="Make the first revision from the database."
)
@click.option("-m", "--message", default="baseline", help="What that is about.")
@rev_id
@click.option("--no-stamp", is_flag=True, help="Only compare.")
@_ignore
@_scratch_url
@click.option(
    "--force", is_flag=True, help="Go on although ALEMBIC['protected'] is set."
)
@x_arguments
def adopt(no_stamp: bool, **options: Any) -> None:
    """Bring a database under migration that was made by other means.

    Its tables are compared with what the revisions build on a scratch database, and it
    is stamped only if they are the same.

    Example: flask db adopt --baseline 1a2b3c
    """
    from . import mending

    options["ignore"] = tuple(options["ignore"])
    options["x_arguments"] = tuple(options["x_arguments"])
    mending.adopt(stamp=not no_stamp, **options)


@command("squash")
@click.argument("range", metavar="FROM:TO", type=RANGE)
@message
@click.option(
    "--keep",
    metavar="DIR",
    help="Move the old files there, inside the script directory; or remove them.",
)
@click.option(
    "--accept-data-loss",
    is_flag=True,
    help="Go on although the old revisions did something to data.",
)
@_scratch_url
@click.option("--force", is_flag=True, help="Write it in spite of lint errors.")
@x_arguments
def squash(**options: Any) -> None:
    """Write one revision in place of many, with the id of the last one.

    FROM and TO are squashed too; without FROM the range begins at the base. Both
    histories are built on scratch databases and compared before a file is touched.

    Example: flask db squash :1a2b3c --keep squashed
    """
    from . import mending

    options["x_arguments"] = tuple(options["x_arguments"])
    mending.squash(**options)


COMMANDS = (doctor, drift, adopt, squash)
"""What this module adds to the group."""
