"""The notices themselves: what a person reads in the channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .text import bold, code, context, count, duration, listed, plain, section

if TYPE_CHECKING:
    from alembic.script import Script

    from flask_alembic.hooks import RevisionRequest, Run, RunResult, Step, StepResult

    from .settings import Rule, Settings

PAST: Final = {"upgrade": "upgraded", "downgrade": "downgraded", "stamp": "stamped"}
"""What a run did to a database."""

_DONE: Final = {"upgrade": "applied", "downgrade": "reverted", "stamp": "stamped"}
"""What a run did to a revision."""

_ICONS: Final = {
    "upgrade": ":white_check_mark:",
    "downgrade": ":leftwards_arrow_with_hook:",
    "stamp": ":label:",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message, in both forms that Slack wants."""

    text: str
    """One line, for notifications and for where blocks cannot be shown."""

    blocks: list[dict[str, Any]]
    """The same in full."""


def where(settings: Settings) -> str:
    """Return the app and its environment, as in ``shop (production)``.

    :param settings: The settings.
    """
    name = settings.app
    return f"{name} ({settings.environment})" if settings.environment else name


def finished(settings: Settings, rule: Rule, result: RunResult, by: str) -> Message:
    """Say what a run did.

    :param settings: The settings.
    :param rule: Which databases to speak of.
    :param result: What it did.
    :param by: Who ran it.
    """
    run = result.run
    applied = [one for one in result.applied if rule.wants(one.step.database)]
    heads = {name: ids for name, ids in result.heads_after.items() if rule.wants(name)}
    number, took = count(len(applied), "revision"), duration(result.elapsed)
    title = f"{where(settings)} {PAST[run.operation]}"
    if not applied:
        headline = f":zzz: {bold(where(settings))}: nothing to {run.operation}."
        summary = f"{where(settings)}: nothing to {run.operation}"
    else:
        headline = (
            f"{_ICONS[run.operation]} {bold(title)}\n{number} {_DONE[run.operation]} in "
            f"{took} by {code(by)}."
        )
        summary = f"{title}: {number} {_DONE[run.operation]} in {took}"
    now = _now(heads)
    blocks = [section(f"{headline}\n{now}" if now else headline)]
    if applied:
        blocks.append(section(_steps(applied, several=len(run.databases) > 1)))
    blocks.append(context(footer(run)))
    return Message(plain(summary, 300), blocks)


def generated(
    settings: Settings,
    request: RevisionRequest,
    scripts: Sequence[Script],
    by: str,
) -> Message:
    """Say that revision files were written.

    :param settings: The settings.
    :param request: What was asked for.
    :param scripts: The new revisions.
    :param by: Who asked.
    """
    noun = "merge revision" if request.kind == "merge" else "revision"
    several = f"{len(scripts)} new {noun}s" if len(scripts) != 1 else f"New {noun}"
    title = f"{several} for {where(settings)}"
    lines = [_script(script) for script in scripts]
    blocks = [
        section(f":memo: {bold(title)}\nWritten by {code(by)}."),
        section(listed(lines)),
    ]
    docs = "; ".join(script.doc or script.revision for script in scripts)
    return Message(plain(f"{title}: {docs}", 300), blocks)


def trial(settings: Settings, by: str) -> Message:
    """Say that notices arrive.

    :param settings: The settings.
    :param by: Who tries it.
    """
    told = ", ".join(sorted(settings.rules)) or "nothing"
    title = f"{where(settings)}: this is a test"
    blocks = [
        section(
            f":wave: {bold(title)}\n{code(by)} tries whether notices about database "
            "migrations arrive here. They do."
        ),
        context(f"Notices about: {plain(told)} · `flask db slack-test`"),
    ]
    return Message(plain(f"{title} of notices about migrations", 300), blocks)


def step_name(step: Step) -> str:
    """Return a revision with what it is about.

    :param step: The step.
    """
    return f"{code(step.revision)} {plain(step.doc)}".strip()


def footer(run: Run | None, command: str = "", target: object = "") -> str:
    """Return the small print: what was typed, and the id of the run.

    :param run: The run, if it got that far.
    :param command: The command, where there is no run.
    :param target: Its target, where there is no run.
    """
    if run is None:
        return code(f"flask db {command} {target or ''}".strip(), 200)
    typed = f"flask db {run.operation} {run.target}".strip()
    return f"{code(typed, 200)} · run {code(run.id)}"


def at(ids: Iterable[str]) -> str:
    """Return where a database is.

    :param ids: The revisions it is at.
    """
    return ", ".join(code(one) for one in list(ids)[:5]) or "base"


def _now(heads: dict[str, tuple[str, ...]]) -> str:
    """Return where the databases are, one line for all or one for each."""
    if len(heads) == 1:
        return f"The database is now at {at(*heads.values())}."
    lines = [f"{bold(name)} is now at {at(ids)}." for name, ids in heads.items()]
    return listed(lines, 1200)


def _steps(applied: Sequence[StepResult], *, several: bool) -> str:
    lines = []
    for one in applied:
        database = f" [{plain(one.step.database, 40)}]" if several else ""
        took = "" if one.step.is_stamp else f" — {duration(one.elapsed)}"
        lines.append(f"• {step_name(one.step)}{database}{took}")
    return listed(lines)


def _script(script: Script) -> str:
    down = script.down_revision or ()
    parents = [down] if isinstance(down, str) else list(down)
    if len(parents) > 1:
        place = f"merges {', '.join(code(one) for one in parents)}"
    else:
        place = f"after {code(parents[0])}" if parents else "the first of its branch"
    file = script.path.replace("\\", "/").rpartition("/")[2]
    return f"• {code(script.revision)} {plain(script.doc)} — {place}, file {code(file)}"
