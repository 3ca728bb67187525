"""The spans of a run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import MakeApp, db, write
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

Spans = Callable[[], list[ReadableSpan]]
ON = {"opentelemetry": True}

SECRET = (
    "op.get_bind().execute(sa.text('INSERT INTO nosuch VALUES (:p)'), {'p': 'hunter2'})"
)


def test_entry_point_is_found(make_app: MakeApp) -> None:
    app = make_app()
    with app.app_context():
        plugins = {record.name: record for record in app.extensions["alembic"].plugins}
    assert plugins["metrics"].status == "active"
    assert plugins["metrics"].distribution == "flask-alembic-metrics"


@pytest.mark.parametrize("settings", [None, {}, {"opentelemetry": False}])
def test_silent_without_setting(make_app: MakeApp, spans: Spans, settings: Any) -> None:
    assert db(make_app(settings), "upgrade").exit_code == 0
    assert spans() == []


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_run_and_revisions(make_app: MakeApp, spans: Spans, folder: Path) -> None:
    assert db(make_app(ON), "upgrade").exit_code == 0
    first, second, run = spans()
    assert [span.name for span in (first, second, run)] == [
        "alembic revision",
        "alembic revision",
        "alembic upgrade",
    ]
    assert run.context is not None
    for child in (first, second):
        assert child.parent is not None
        assert child.parent.span_id == run.context.span_id
    assert attributes(first) == {
        "flask_alembic.revision": "a1",
        "flask_alembic.direction": "upgrade",
        "flask_alembic.database": "default",
        "flask_alembic.message": "create users",
        "flask_alembic.statements": 1,
        "code.file.path": str(folder / "a1.py"),
        "db.system.name": "sqlite",
    }
    found = attributes(run)
    assert len(found.pop("flask_alembic.run_id")) == 12
    assert found == {
        "flask_alembic.app": "shop",
        "flask_alembic.command": "upgrade",
        "flask_alembic.target": "heads",
        "flask_alembic.mode": "online",
        "flask_alembic.databases": ("default",),
        "flask_alembic.planned": 2,
        "flask_alembic.applied": 2,
    }
    assert {span.status.status_code for span in spans()} == {StatusCode.UNSET}


def test_below_the_span_of_the_app(make_app: MakeApp, spans: Spans) -> None:
    app = make_app(ON)
    with trace.get_tracer("app").start_as_current_span("deploy") as deploy:
        with app.app_context():
            app.extensions["alembic"].upgrade()
        current = trace.get_current_span()
        assert current is deploy
    run = next(span for span in spans() if span.name == "alembic upgrade")
    assert run.parent is not None
    assert run.parent.span_id == deploy.get_span_context().span_id


def test_work_of_a_revision_is_below_it(
    make_app: MakeApp, spans: Spans, folder: Path
) -> None:
    work = """from opentelemetry import trace
    with trace.get_tracer("mine").start_as_current_span("backfill"):
        pass"""
    write(folder, "c3", "b2", "fill", work)
    assert db(make_app(ON), "upgrade").exit_code == 0
    backfill = next(span for span in spans() if span.name == "backfill")
    parent = next(
        span
        for span in spans()
        if attributes(span).get("flask_alembic.revision") == "c3"
    )
    assert backfill.parent is not None
    assert parent.context is not None
    assert backfill.parent.span_id == parent.context.span_id


def test_failure_without_parameters(
    make_app: MakeApp, spans: Spans, folder: Path
) -> None:
    write(folder, "c3", "b2", "fail", SECRET)
    assert db(make_app(ON), "upgrade").exit_code == 3
    failed, run = spans()[-2:]
    for span in (failed, run):
        assert span.status.status_code is StatusCode.ERROR
        assert "no such table: nosuch" in str(span.status.description)
        (event,) = span.events
        assert event.name == "exception"
        recorded = dict(event.attributes or {})
        assert recorded["exception.type"] == "sqlite3.OperationalError"
        assert "no such table: nosuch" in str(recorded["exception.message"])
        assert "hunter2" not in str(recorded["exception.message"])
        assert "[parameters:" not in str(recorded["exception.stacktrace"])
        assert attributes(span)["error.type"] == "sqlite3.OperationalError"
    assert "c3.py" in str(dict(failed.events[0].attributes or {}))
    assert attributes(run)["flask_alembic.failed_revision"] == "c3"
    assert attributes(run)["flask_alembic.failed_database"] == "default"


def test_code_of_the_servers(
    make_app: MakeApp, spans: Spans, folder: Path, server_url: sa.URL
) -> None:
    write(folder, "c3", "b2", "fail", "op.execute('SELECT * FROM nosuch')")
    assert db(make_app(ON, server_url), "upgrade").exit_code == 3
    failed = attributes(spans()[-2])
    system = "postgresql" if "postgresql" in server_url.drivername else "mariadb"
    assert failed["db.system.name"] == system
    assert failed["db.namespace"] == server_url.database
    code = {"postgresql": "42P01", "mariadb": "1146"}[system]
    assert failed["db.response.status_code"] == code


def test_modes(make_app: MakeApp, spans: Spans) -> None:
    app = make_app(ON)
    assert db(app, "upgrade", "--sql").exit_code == 0
    assert db(app, "upgrade", "--plan").exit_code == 0
    assert spans() == []
    assert db(app, "upgrade", "--dry-run").exit_code == 0
    assert {attributes(span).get("flask_alembic.mode") for span in spans()} == {
        None,
        "dry-run",
    }


def test_missing_package_does_not_fail_a_run(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    result = db(make_app(ON), "upgrade", "--format", "json")
    assert result.exit_code == 0
    (failure,) = json.loads(result.stdout)["hook_failures"]
    assert "pip install flask-alembic-metrics[opentelemetry]" in failure["error"]


class Broken:
    """A tracer, or a span, that fails in every call."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("the exporter is broken")


class BrokenManager:
    def __enter__(self) -> Any:
        return Broken()

    def __exit__(self, *error: object) -> None:
        raise RuntimeError("the exporter is broken")


class HalfBroken:
    def start_as_current_span(self, *args: Any, **options: Any) -> Any:
        return BrokenManager()


@pytest.mark.parametrize("tracer", [Broken, HalfBroken])
def test_broken_exporter_does_not_fail_a_run(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, tracer: Any, folder: Path
) -> None:
    monkeypatch.setattr(trace, "get_tracer", lambda *_: tracer())
    app = make_app(ON)
    result = db(app, "upgrade", "--format", "json")
    assert result.exit_code == 0
    (failure,) = json.loads(result.stdout)["hook_failures"]
    assert failure["error"].count("the exporter is broken") == 1
    write(folder, "c3", "b2", "fail", "raise ValueError('the real reason')")
    result = db(app, "upgrade")
    assert result.exit_code == 3
    assert "the real reason" in result.stderr
