"""The metrics of a run, in a file and at a Pushgateway."""

from __future__ import annotations

import base64
import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import Gateway, MakeApp, db, numbers, write
from flask_alembic_metrics import plugin
from flask_alembic_metrics.errors import SettingsError
from flask_alembic_metrics.settings import load

from flask_alembic.testing import check_plugin


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "collector" / "shop.prom"
    path.parent.mkdir()
    return path


def read(file: Path) -> dict[str, Any]:
    return numbers(file.read_text("utf-8"))


def test_file_of_an_upgrade(make_app: MakeApp, file: Path) -> None:
    app = make_app({"textfile": str(file)})
    assert db(app, "upgrade").exit_code == 0
    found = read(file)
    run = "app=shop,command=upgrade"
    assert found[f"run_success{{{run}}}"] == 1
    assert found[f"run_duration_seconds{{{run}}}"] > 0
    ended = found[f"run_timestamp_seconds{{{run}}}"]
    assert abs(found["run_success_timestamp_seconds{app=shop}"] - ended) < 60
    counts = {
        key.rpartition("outcome=")[2].rstrip("}"): value
        for key, value in found.items()
        if key.startswith("run_revisions")
    }
    assert counts == {"done": 2, "rolled_back": 0, "failed": 0, "not_started": 0}
    info = "database_revision_info{app=shop,database=default,revision=b2}"
    assert found[info] == 1
    assert not any(key.startswith("revision_duration") for key in found)
    assert [path.name for path in file.parent.iterdir()] == ["shop.prom"]


def test_failure_keeps_when_it_went_well(
    make_app: MakeApp, file: Path, folder: Path
) -> None:
    app = make_app({"textfile": str(file)})
    assert db(app, "upgrade").exit_code == 0
    before = read(file)
    write(folder, "c3", "b2", "more")
    write(folder, "d4", "c3", "fail", "raise ValueError('no')")
    write(folder, "e5", "d4")
    assert db(app, "upgrade").exit_code == 3
    found = read(file)
    key = "run_success_timestamp_seconds{app=shop}"
    assert found[key] == before[key]
    assert found["run_success{app=shop,command=upgrade}"] == 0
    key = "run_revisions{{app=shop,command=upgrade,database=default,outcome={}}}"
    assert [
        found[key.format(one)]
        for one in ("done", "rolled_back", "failed", "not_started")
    ] == [0, 1, 1, 1]


def test_run_that_cannot_begin(make_app: MakeApp, file: Path, tmp_path: Path) -> None:
    settings = {"textfile": str(file)}
    assert db(make_app(settings), "upgrade").exit_code == 0
    app = make_app(settings, f"sqlite:///{tmp_path / 'no' / 'such.db'}")
    assert db(app, "upgrade").exit_code == 3
    found = read(file)
    assert found["run_success{app=shop,command=upgrade}"] == 0
    assert found["database_revision_info{app=shop,database=default,revision=b2}"] == 1


def test_labels_and_revisions(make_app: MakeApp, file: Path) -> None:
    app = make_app(
        {
            "textfile": str(file),
            "labels": {"environment": 'a "b"\n\\c'},
            "revisions": True,
        }
    )
    assert db(app, "upgrade").exit_code == 0
    assert db(app, "downgrade", "a1", "-y").exit_code == 0
    found = read(file)
    key = (
        "revision_duration_seconds{app=shop,database=default,direction=downgrade,"
        'environment=a "b"\n\\c,revision=b2}'
    )
    assert key in found
    assert sum(key.startswith("revision_duration") for key in found) == 1


@pytest.mark.parametrize(
    "words", ["upgrade --sql", "upgrade --plan", "upgrade --dry-run", "current"]
)
def test_silent_where_nothing_happens(
    make_app: MakeApp, file: Path, gateway: Gateway, words: str
) -> None:
    app = make_app({"textfile": str(file), "pushgateway": gateway.url})
    assert db(app, *words.split()).exit_code == 0
    assert not file.exists()
    assert gateway.requests == []


def test_mistyped_target_is_no_failure(make_app: MakeApp, file: Path) -> None:
    app = make_app({"textfile": str(file)})
    assert db(app, "upgrade", "nosuch").exit_code == 2
    assert not file.exists()


def test_silent_without_setting(make_app: MakeApp, tmp_path: Path) -> None:
    assert db(make_app(), "upgrade").exit_code == 0
    assert db(make_app({"job": "x"}), "downgrade", "-y").exit_code == 0
    assert not list(tmp_path.rglob("*.prom"))


def test_file_that_cannot_be_written(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "nosuch" / "shop.prom"
    result = db(make_app({"textfile": str(path)}), "upgrade", "--format", "json")
    assert result.exit_code == 0
    (failure,) = json.loads(result.stdout)["hook_failures"]
    assert f"{path} cannot be written: No such file or directory" in failure["error"]


def test_file_that_is_not_understood(make_app: MakeApp, file: Path) -> None:
    file.write_bytes(b"\xff\x00 not metrics {")
    assert db(make_app({"textfile": str(file)}), "upgrade").exit_code == 0
    assert read(file)["run_success{app=shop,command=upgrade}"] == 1


def test_reader_never_sees_half_a_file(make_app: MakeApp, file: Path) -> None:
    app = make_app({"textfile": str(file)})
    assert db(app, "upgrade").exit_code == 0
    lines = len(file.read_text("utf-8").splitlines())
    seen: set[int] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.add(len(file.read_text("utf-8").splitlines()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for _ in range(10):
            assert db(app, "upgrade").exit_code == 0
    finally:
        stop.set()
        thread.join()
    assert seen == {lines}


def test_push(make_app: MakeApp, gateway: Gateway) -> None:
    app = make_app(
        {"pushgateway": gateway.url, "job": "db", "labels": {"environment": "test"}}
    )
    assert db(app, "upgrade").exit_code == 0
    ((method, path, headers, body),) = gateway.requests
    assert (method, path) == ("POST", "/metrics/job/db/app/shop/environment/test")
    assert "Authorization" not in headers
    found = numbers(body)
    assert found["run_success{app=shop,command=upgrade,environment=test}"] == 1


def test_push_with_a_password(make_app: MakeApp, gateway: Gateway) -> None:
    address = gateway.url.replace("http://", "http://ann:hunter2@")
    assert db(make_app({"pushgateway": address}), "upgrade").exit_code == 0
    wanted = base64.b64encode(b"ann:hunter2").decode()
    assert gateway.requests[0][2]["Authorization"] == f"Basic {wanted}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (500, "HTTPError: Internal Server Error"),
        ("hang", "did not answer within 0.5 s"),
        ("drip", ""),
    ],
)
def test_push_that_fails(
    make_app: MakeApp, gateway: Gateway, answer: Any, words: str
) -> None:
    gateway.answers = [answer]
    app = make_app({"pushgateway": gateway.url, "timeout": 0.5})
    result = db(app, "upgrade", "--format", "json")
    assert result.exit_code == 0
    failures = json.loads(result.stdout)["hook_failures"]
    assert words in str(failures)


def test_nobody_there(make_app: MakeApp) -> None:
    app = make_app({"pushgateway": "http://ann:hunter2@127.0.0.1:1"})
    result = db(app, "upgrade", "--format", "json")
    assert result.exit_code == 0
    assert "Connection refused" in result.stdout
    assert "hunter2" not in result.output


def test_missing_package_does_not_fail_a_run(
    make_app: MakeApp, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    result = db(make_app({"textfile": str(file)}), "upgrade", "--format", "json")
    assert result.exit_code == 0
    (failure,) = json.loads(result.stdout)["hook_failures"]
    assert "pip install flask-alembic-metrics[prometheus]" in failure["error"]


def test_wrong_setting_does_not_fail_a_run(make_app: MakeApp) -> None:
    result = db(make_app({"textfiel": "x"}), "upgrade", "--format", "json")
    assert result.exit_code == 0
    (failure,) = json.loads(result.stdout)["hook_failures"]
    assert "Did you mean 'textfile'?" in failure["error"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["x"], "must be a dict, not list"),
        ({"textfile": "x.txt"}, "ends in .prom"),
        ({"textfile": 5}, "must be a path"),
        ({"pushgateway": "pushgateway:9091"}, "is not an address"),
        ({"pushgateway": "http://a:b@c@d"}, "is not an address"),
        ({"labels": {"app": "x"}}, "which every metric has"),
        ({"labels": {"a-b": "x"}}, "names of labels"),
        ({"opentelemetry": "yes"}, "True or False"),
        ({"timeout": 0}, "more than 0"),
        ({"password": 12}, "must be text"),
    ],
)
def test_wrong_settings(make_app: MakeApp, settings: Any, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(make_app(settings))
    assert words in str(caught.value)


def test_hooks_have_the_right_names_and_arguments() -> None:
    assert "after_command" in check_plugin(plugin)
