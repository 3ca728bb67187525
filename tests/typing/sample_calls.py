"""Every public method of the extension, called with every argument by its name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import Script, ScriptDirectory
from flask import Flask
from sqlalchemy.ext.asyncio import AsyncEngine
from typing_extensions import assert_type

import flask_alembic
from flask_alembic import Alembic
from flask_alembic.hooks import (
    Direction,
    Mode,
    Severity,
    engines_of,
    in_thread,
    on_connection,
)
from flask_alembic.results import (
    AdoptResult,
    CheckResult,
    Database,
    DatabaseDrift,
    DatabaseStatus,
    DataStep,
    Difference,
    Drift,
    EnvItem,
    Finding,
    HistoryGraph,
    HookRecord,
    ImportEnvResult,
    Node,
    PluginRecord,
    Problem,
    ProofResult,
    Readiness,
    Report,
    RevisionSQL,
    Run,
    RunFailure,
    RunResult,
    SquashResult,
    Step,
    StepResult,
    Template,
    UncomparedObjects,
)
from flask_alembic.revision_files import (
    Literal,
    RevisionFile,
    Span,
    Value,
    read,
    replace,
    several,
    write,
)


def build(
    app: Flask, engine: sa.Engine, another: AsyncEngine, models: sa.MetaData
) -> list[Alembic]:
    first = Alembic(
        app=app,
        run_mkdir=False,
        command_name="db",
        metadatas=models,
        engines=engine,
        plugins=[object()],
    )
    second = Alembic(
        app,
        True,
        False,
        metadatas={"default": [models, models], "other": models},
        engines={"default": engine, "other": another},
    )
    third = Alembic(metadatas=[models], engines=another)
    third.init_app(app=app, run_mkdir=None, command_name=True)
    third.register(plugin=object(), name="mine")
    assert_type(third.has_plugins(), bool)
    third.environment_for(app=app)
    return [first, second, third]


def attributes(alembic: Alembic) -> None:
    assert_type(alembic.run_mkdir, bool)
    assert_type(alembic.script, ScriptDirectory)
    assert_type(alembic.script_directory, ScriptDirectory)
    assert_type(alembic.context, MigrationContext)
    assert_type(alembic.migration_context, MigrationContext)
    assert_type(alembic.migration_contexts, dict[str, MigrationContext])
    assert_type(alembic.databases, dict[str, Database])
    with alembic.connect("default", lock=True) as connection:
        assert_type(connection, sa.Connection)
    assert_type(alembic.plugins, tuple[PluginRecord, ...])
    print(alembic.config, alembic.env, alembic.environment_context)
    print(alembic.op, alembic.ops, alembic.rev_id())
    with alembic.connect(name="default") as connection:
        assert_type(connection, sa.Connection)


def reading(alembic: Alembic, names: set[str], script: Script) -> None:
    assert_type(alembic.mkdir(package=True, template="single"), list[Path])
    assert_type(alembic.current(databases=names, check_heads=True), list[Script])
    assert_type(alembic.heads(resolve_dependencies=True, check=True), list[Script])
    assert_type(alembic.branches(), list[Script])
    assert_type(alembic.require_revisions(allow_new=True), bool)
    assert_type(alembic.edit(revision=script), Path)
    assert_type(alembic.list_templates(), list[Template])
    assert_type(alembic.list_plugins(name="lock"), tuple[PluginRecord, ...])
    assert_type(alembic.list_hooks(name="rev_id"), tuple[HookRecord, ...])
    assert_type(alembic.new_plugin(name="notes", into=Path("plugins")), list[Path])
    imported = alembic.import_env(folder="old", write=Path("moved.py"), check=True)
    assert_type(imported, ImportEnvResult)
    assert_type(imported.items, tuple[EnvItem, ...])
    assert_type(
        alembic.log(start="base", end=script, indicate_current=True), list[Script]
    )
    assert_type(alembic.show(revisions=["1a2b", script]), list[Script])
    assert_type(
        alembic.revision_sql(
            revisions=("1a2b", "3c4d"),
            databases="default",
            direction="downgrade",
            x_arguments=["a=b"],
        ),
        list[RevisionSQL],
    )
    assert_type(alembic.needs_upgrade(), bool)
    assert_type(alembic.needs_revision(), bool)
    assert_type(
        alembic.status(databases="default", models=True, check=True),
        list[DatabaseStatus],
    )
    graph = alembic.graph(databases=(), state=False, operations=False)
    assert_type(graph, HistoryGraph)
    assert_type(graph.nodes[0], Node)
    assert_type(alembic.readiness(), Readiness)
    assert_type(
        alembic.wait(until="database", timeout=1, interval=0.5, databases="default"),
        Readiness,
    )


def comparing(alembic: Alembic) -> None:
    print(alembic.produce_migrations().upgrade_ops)
    for difference in alembic.compare_metadata():
        print(difference[0])
    assert_type(alembic.check(databases=["default"]), CheckResult)
    problems = alembic.lint(revisions="1a2b:head", pending=True)
    assert_type(problems, tuple[Problem, ...])
    severity: Severity = problems[0].severity
    print(severity)
    drift = alembic.drift(
        databases="default",
        ignore="celery_*",
        scratch_url="sqlite://",
        x_arguments="a=b",
    )
    assert_type(drift, Drift)
    assert_type(drift.databases, tuple[DatabaseDrift, ...])
    assert_type(drift.databases[0].models_database, tuple[Difference, ...])
    assert_type(drift.databases[0].not_compared, tuple[UncomparedObjects, ...])


def running(alembic: Alembic, script: Script, mode: Mode) -> RunFailure | None:
    upgraded = alembic.upgrade(
        target=script,
        mode="dry-run",
        databases=("default",),
        lock=False,
        resume=True,
        last_statement_applied=None,
        tag="release",
        x_arguments=("a=b",),
    )
    assert_type(upgraded, RunResult)
    assert_type(upgraded.applied, tuple[StepResult, ...])
    assert_type(upgraded.run, Run)
    assert_type(upgraded.run.mode, Mode)
    assert_type(upgraded.run.plan, tuple[Step, ...])
    direction: Direction = upgraded.run.operation
    print(direction)
    if upgraded.run.mode == "online" or upgraded.run.mode is Mode.DRY_RUN:
        print(f"{upgraded.run.mode}")
    alembic.downgrade(
        target=-2,
        mode=Mode.PLAN,
        databases="default",
        lock=True,
        force=True,
        resume=False,
        last_statement_applied=True,
        tag=None,
        x_arguments=[],
    )
    alembic.stamp(
        target=["1a2b", "3c4d"],
        purge=True,
        force=True,
        mode=mode,
        databases=[],
        lock=True,
        tag="x",
        x_arguments="a=b",
    )
    alembic.plan(
        target="base",
        direction="downgrade",
        databases="default",
        tag="x",
        x_arguments="a=b",
    )
    alembic.run_migrations(fn=steps, some="thing", count=3)
    alembic.upgrade("sql", mode="sql")
    alembic.upgrade("+1", mode="online")
    return upgraded.failure


def steps(
    heads: tuple[str, ...], context: MigrationContext
) -> Iterable[MigrationStep] | None:
    print(heads, context)
    return None


def writing(alembic: Alembic, script: Script) -> None:
    written = alembic.revision(
        message="add users",
        empty=True,
        branch="default",
        parent=["1a2b", script],
        splice=True,
        depend="3c4d",
        label=["billing"],
        path=Path("migrations"),
        rev_id="abcd",
        force=True,
        allow_drop=True,
        renames={"book.title": "heading"},
        prove=False,
        keep=True,
    )
    proof = alembic.prove(
        revisions="1a2b:head",
        all=False,
        databases=["default"],
        seed_file=Path("rows.sql"),
        data_before={"1a2b": lambda connection: connection.exec_driver_sql("SELECT 1")},
        scratch_url="sqlite://",
        x_arguments="a=b",
    )
    assert_type(proof, ProofResult)
    assert_type(written, list[Script])
    alembic.revision("add users", True, "users", "head", False, None, "users", "here")
    merged = alembic.merge(
        revisions="heads", message="merge", label="both", rev_id="abcd"
    )
    assert_type(merged, Script | None)


def fixing(alembic: Alembic) -> tuple[DataStep, ...]:
    assert_type(alembic.doctor(databases="default", fix=True), tuple[Finding, ...])
    adopted = alembic.adopt(
        databases="default",
        baseline="1a2b",
        generate=False,
        message="baseline",
        rev_id="abcd",
        ignore=["celery_*"],
        scratch_url=None,
        x_arguments=(),
        force=False,
        stamp=True,
    )
    assert_type(adopted, tuple[AdoptResult, ...])
    squashed = alembic.squash(
        range="1a2b:3c4d",
        message="squash",
        keep="old",
        allow_data_loss=True,
        scratch_url=None,
        x_arguments="a=b",
        force=True,
        leave_out=["policy", "index:author.*"],
    )
    assert_type(squashed, SquashResult)
    return squashed.data_steps


def files(path: Path, report: Report) -> tuple[Value, Span]:
    file = read(path)
    assert_type(file, RevisionFile)
    write(path, file.changed({"depends_on": None}))
    replace(path, b"content")
    assert_type(several("a"), tuple[str, ...])
    literal = Literal("a", (0, 3))
    assert_type(flask_alembic.json_schema(), dict[str, Any])
    assert_type(in_thread(lambda: 1, name="mine"), int)
    engine = engines_of(Flask("other"))["default"]
    assert_type(on_connection(engine, lambda connection: 1), int)
    print(report.exit_code)
    return literal.value, literal.span
