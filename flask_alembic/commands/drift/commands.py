"""The Click command ``flask db drift``."""

from __future__ import annotations

from ...cli.base_command import command, databases, x_arguments
from ...cli.context import get_extension
from ...cli.output import shown
from ...cli.params import _ignore, _scratch_url
from ...errors import CheckFailed


@command("drift")
@databases
@_ignore
@_scratch_url
@x_arguments
def drift(
    databases: tuple[str, ...],
    ignore: tuple[str, ...],
    scratch_url: str | None,
    x_arguments: tuple[str, ...],
) -> None:
    """Compare models, revisions and databases, each with the others.

    The revisions are run on a scratch database; the live one is only read. Exits with
    1 if anything differs.

    Example: flask db drift --ignore 'celery_*'
    """
    with shown():
        result = get_extension().drift(
            databases, ignore=ignore, scratch_url=scratch_url, x_arguments=x_arguments
        )
    if not result.ok:
        raise CheckFailed(
            "There is drift.",
            "What is only in the models needs a revision; what is only in the database "
            "was changed by hand, or by a revision that is not here any more.",
        )
