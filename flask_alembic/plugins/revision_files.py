"""Whether the revision files can run, and make one history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..hooks.markers import hookimpl

if TYPE_CHECKING:
    from flask import Flask

    from ..hooks.payloads import Finding, Problem


@hookimpl(trylast=True)
def diagnose(app: Flask, database: str | None) -> Iterator[Finding]:
    """Find missing folders, several heads, files that cannot run, and similar ids."""
    from ..hooks.payloads import Finding
    from ..runtime.environment import environment_of
    from ..script.history_checks import case_only, file_problems, head_problems
    from ..script.locations import missing_locations

    if database is not None:
        return
    environment = environment_of(app)
    for path in missing_locations(environment.locations):
        yield Finding(
            "missing-location",
            f"The version location {path} does not exist: no revisions come from there.",
            "flask db mkdir",
            advice="If it is misspelled, correct it in ALEMBIC['version_locations'] or in "
            "the plugin that names it; if it has no revisions yet, create it.",
        )
    scripts = environment.scripts()
    for problem in head_problems(scripts):
        heads = " ".join(sorted(scripts.get_heads()))
        yield Finding(
            problem.code,
            problem.message,
            f"flask db merge {heads} -m 'join the heads'",
            advice="If one of them was not applied anywhere, let it follow the "
            "other instead: change its down_revision.",
        )
    for problem in file_problems(list(scripts.walk_revisions())[::-1]):
        if problem.severity == "error":
            yield Finding(
                problem.code, problem.message, "flask db doctor", None, problem.advice
            )
    for ids in case_only(scripts):
        yield Finding(
            "case-only",
            f"The revisions {' and '.join(ids)} differ in upper and lower case "
            "only: MySQL, MariaDB and some file systems take them for one.",
            f"flask db edit {ids[-1]}",
            advice="Give one of them another id, and those that follow it too; "
            "databases that are at it need a stamp --purge afterwards.",
        )


@hookimpl(trylast=True)
def project_problems(app: Flask, database: str | None) -> list[Problem]:
    """Find several heads, and files that cannot run."""
    from ..runtime.environment import environment_of
    from ..script.history_checks import file_problems, head_problems

    if database is not None:
        return []
    scripts = environment_of(app).scripts()
    in_order = list(scripts.walk_revisions())[::-1]
    return [*head_problems(scripts), *file_problems(in_order)]
