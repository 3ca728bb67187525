"""A plugin as its author writes it, with every kind of hook, fully typed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING

from flask import Flask
from typing_extensions import assert_type

from flask_alembic import Veto, hookimpl
from flask_alembic.hooks import (
    LintTarget,
    OutputFormat,
    Problem,
    Report,
    Run,
    RunResult,
    Step,
    StepResult,
    VersionLocation,
)
from flask_alembic.new_revisions import (
    AutocommitBlockOp,
    CodeOp,
    add_revision,
    set_name,
)

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from sqlalchemy.engine import Connection


class Sample:
    """Refuses, listens, answers, adds and wraps."""

    @hookimpl
    def before_upgrade(self, app: Flask, run: Run) -> None:
        if len(run.plan) > 3:
            raise Veto(f"{app.name}: {len(run.plan)} revisions are too many")

    @hookimpl
    def after_upgrade(self, run: Run, result: RunResult) -> None:
        names: tuple[str, ...] = run.databases
        revisions: list[str] = [each.step.revision for each in result.applied]
        print(names, revisions, result.elapsed)

    @hookimpl(tryfirst=True)
    def rev_id(self) -> str:
        return "0001"

    @hookimpl
    def version_locations(self) -> Iterable[VersionLocation]:
        return [VersionLocation("sample:migrations", "sample")]

    @hookimpl
    def rewrite_revision(self, directives: list[MigrationScript]) -> None:
        added = add_revision(directives, "the rest")
        for operations in added.upgrade_ops_list:
            operations.ops.append(AutocommitBlockOp([CodeOp("pass")]))
        set_name(added, "phase", "contract")

    @hookimpl
    def lint_problems(self, target: LintTarget) -> Iterable[Problem]:
        if "DROP" in target.source:
            yield Problem("SA1", "It drops something.", "error", target.revision)

    @hookimpl
    def output_formats(self) -> Iterable[OutputFormat]:
        return [OutputFormat("short", shortly, "one word")]

    @hookimpl(wrapper=True)
    def apply_revision(
        self, run: Run, step: Step, connection: Connection
    ) -> Generator[None, StepResult, StepResult]:
        result = yield
        connection.exec_driver_sql("SELECT 1")
        return result


def shortly(report: Report) -> str:
    return "fine" if report.ok else "broken"


@hookimpl
def after_command(app: Flask, report: Report) -> None:
    print(app.name, report.exit_code)


@hookimpl(optionalhook=True)
def of_a_newer_version(app: Flask) -> int:
    return len(app.name)


plugin = Sample()

# What is marked is still what it was, for whoever calls it.
assert_type(plugin.rev_id(), str)
assert_type(of_a_newer_version(Flask("sample")), int)


def tell(listener: Callable[[Flask, Report], None] = after_command) -> None:
    """Take a marked function as what it was before."""
