"""Plugins that do not load are named by every command, and stop no diagnosis."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from apps import (
    extension_of,
    make_app,
    migrations_of,
    run_db,
    tables,
    url_of,
    version_rows,
    write_table_revision,
)
from distributions import app_in, installed, site, write_distribution

from flask_alembic import AlembicError
from flask_alembic.hooks import Veto, hookimpl

__all__ = ["site"]

DIAGNOSIS = [["plugins"], ["hooks"], ["doctor"]]

AT_IMPORT = {
    "an import": "import a_module_that_is_not_there",
    "exit": "raise SystemExit(0)",
    "its own": "class Odd(BaseException): pass\nraise Odd('odd')",
    "generator": "raise GeneratorExit",
    "recursion": "def again(): again()\nagain()",
    "arguments": (
        "from flask_alembic import hookimpl\n"
        "@hookimpl\ndef before_command(app, no_such_argument): pass"
    ),
    "attributes": (
        "class Odd:\n    def __dir__(self): raise RuntimeError('odd')\n"
        "import sys\nsys.modules[__name__] = Odd()"
    ),
}


@pytest.fixture(autouse=True)
def _plugins_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLASK_ALEMBIC_NO_PLUGINS", raising=False)


@contextmanager
def plugin(tmp_path: Path, source: str) -> Iterator[None]:
    """Install one plugin, ``shipped``."""
    folder = tmp_path / "packages"
    write_distribution(
        folder,
        "flask-alembic-shipped",
        entry_points={"shipped": "plugin_shipped"},
        modules={"plugin_shipped": source},
    )
    with installed(folder):
        yield
    sys.modules.pop("plugin_shipped", None)


@pytest.mark.parametrize("kind", AT_IMPORT)
@pytest.mark.sample("all")
def test_whatever_a_plugin_raises_when_it_is_loaded(tmp_path: Path, kind: str) -> None:
    app = app_in(tmp_path)
    write_table_revision(migrations_of(app), "a1")
    with plugin(tmp_path, AT_IMPORT[kind]):
        for words in (["heads"], ["upgrade"], ["plugins"], ["hooks"]):
            result = run_db(app, *words)
            assert result.exit_code == 0, result.output
            (line,) = [
                line
                for line in result.stderr.splitlines()
                if "The plugin 'shipped' did not load" in line
            ]
            assert line.startswith("Warning: ")
        assert run_db(app, "--help").exit_code == 0
        result = run_db(app, "doctor")
        assert "plugin 'shipped' (flask-alembic-shipped 1.0) did not load" in (
            result.output
        )
        assert result.exit_code == 1
        document = json.loads(run_db(app, "current", "--format", "json").stdout)
        assert [text.split(",")[0] for text in document["warnings"]] == [
            "The plugin 'shipped' did not load"
        ]


@pytest.mark.usefixtures("site")
def test_one_that_is_named_and_broken_stops_everything_but_the_diagnosis(
    tmp_path: Path,
) -> None:
    app = app_in(tmp_path, ALEMBIC_PLUGINS=["good", "broken"])
    write_table_revision(migrations_of(app), "a1")
    for words in (["upgrade"], ["current"], ["status"]):
        result = run_db(app, *words)
        assert result.exit_code == 3, result.output
        assert "ALEMBIC_PLUGINS names 'broken', which did not load" in result.stderr
        assert "a_module_that_is_not_there" in result.stderr
    assert tables(url_of(app)) == set()
    for words in DIAGNOSIS:
        result = run_db(app, *words)
        assert result.exit_code == (1 if words == ["doctor"] else 0), result.output
        assert "a_module_that_is_not_there" in result.output
    assert run_db(app, "--help").exit_code == 0
    assert run_db(app, "--no-plugins", "upgrade").exit_code == 0


@pytest.mark.usefixtures("site")
def test_one_that_is_named_and_missing_shows_in_the_diagnosis(tmp_path: Path) -> None:
    app = app_in(tmp_path, ALEMBIC_PLUGINS=["good", "nosuch"])
    migrations_of(app).mkdir(exist_ok=True)
    for words in DIAGNOSIS:
        result = run_db(app, *words)
        assert result.exit_code == (1 if words == ["doctor"] else 0), result.output
        assert "'nosuch'" in result.output


SHIPPED = """
    from pathlib import Path
    from flask_alembic.hooks import VersionLocation, hookimpl

    @hookimpl
    def version_locations():
        return [VersionLocation({folder!r}, None)]
"""


@pytest.mark.parametrize("how", ["broken", "--no-plugins"])
def test_a_plugin_whose_revisions_are_missed_is_named(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "shipped"
    write_table_revision(folder, "aud1", table="audit_log")
    app = app_in(tmp_path)
    write_table_revision(migrations_of(app), "a1")
    source = SHIPPED.format(folder=str(folder))
    with plugin(tmp_path, source):
        assert run_db(app, "upgrade").exit_code == 0
    assert version_rows(url_of(app)) == {"a1", "aud1"}
    app = app_in(tmp_path)
    words = [how] if how.startswith("-") else []
    packages = tmp_path / "packages" / "plugin_shipped.py"
    if not words:
        packages.write_text("import a_module_that_is_not_there")
    with plugin(tmp_path / "again", packages.read_text()):
        upgrade = run_db(app, *words, "upgrade")
        doctor = run_db(app, *words, "doctor")
    assert upgrade.exit_code == 3
    assert "the plugin 'shipped'" in " ".join(upgrade.output.split())
    assert "the plugin 'shipped'" in " ".join(doctor.output.split())
    assert "stamp" not in upgrade.output + doctor.output


def raising(hook: str, error: BaseException, *, wrapper: bool = False) -> object:
    """Return a plugin that raises in one hook."""

    def plain(self: object) -> None:
        raise error

    def around(self: object) -> Iterator[None]:
        raise error
        yield

    marked = hookimpl(wrapper=True)(around) if wrapper else hookimpl(plain)
    return type("Raising", (), {hook: marked})()


class Odd(BaseException):
    """Not an Exception."""


@pytest.mark.parametrize("error", [ValueError("odd"), SystemExit(0), Odd("odd")])
@pytest.mark.parametrize("hook", ["before_command", "register_commands", "diagnose"])
def test_diagnosis_works_whatever_a_hook_raises(
    tmp_path: Path, hook: str, error: BaseException
) -> None:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1")
    extension_of(app).register(raising(hook, error), name="odd")
    for words in DIAGNOSIS:
        result = run_db(app, *words)
        allowed = (0, 1) if words == ["doctor"] else (0,)
        assert result.exit_code in allowed, result.output
    assert run_db(app, "--help").exit_code == 0
    if hook == "before_command":
        assert run_db(app, "upgrade").exit_code == 3
        assert tables(url_of(app)) == set()
    if hook == "diagnose":
        assert "plugin 'odd' failed in diagnose" in run_db(app, "doctor").output


def test_a_fix_is_refused_by_a_guard_that_fails(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1")
    extension_of(app).register(raising("before_command", ValueError("odd")))
    assert run_db(app, "doctor").exit_code == 0
    assert run_db(app, "doctor", "--fix").exit_code == 3


@pytest.mark.parametrize(
    "hook", ["apply_revision", "run_migrations", "open_connection"]
)
def test_a_veto_inside_a_run_is_a_refusal(tmp_path: Path, hook: str) -> None:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1")
    veto = raising(hook, Veto("not this one"), wrapper=True)
    extension_of(app).register(veto, name="policy")
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert f"Refused by {hook}: plugin 'policy': not this one" in result.stderr
    assert "Fix or disable the plugin" not in result.stderr
    assert "unexpected" not in result.stderr
    assert tables(url_of(app)) == set()


class BadLock:
    """A lock that fails when it is released."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        raise KeyError("no longer owned")


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        (42, "plugin 'redis' gave 42 to migration_lock"),
        (BadLock(), "plugin 'redis' failed in what it gave to migration_lock"),
    ],
)
def test_a_lock_that_fails_names_its_plugin(
    tmp_path: Path, lock: Any, message: str
) -> None:
    app = make_app(tmp_path)
    write_table_revision(migrations_of(app), "a1")

    class Locks:
        @hookimpl
        def migration_lock(self) -> Any:
            return lock

    extension_of(app).register(Locks(), name="redis")
    with app.app_context(), pytest.raises(AlembicError) as caught:
        extension_of(app).upgrade()
    assert message in str(caught.value)


def test_a_format_that_fails_names_its_plugin(tmp_path: Path) -> None:
    from flask_alembic.hooks import OutputFormat

    app = make_app(tmp_path)
    migrations_of(app).mkdir(exist_ok=True)

    class Formats:
        @hookimpl
        def output_formats(self) -> Any:
            return [OutputFormat("yaml", lambda report: {}["nope"])]

    extension_of(app).register(Formats(), name="yaml_plugin")
    result = run_db(app, "heads", "--format", "yaml")
    assert result.exit_code == 3
    assert "plugin 'yaml_plugin' failed in what it gave to output_formats" in (
        result.stderr
    )


def test_a_command_that_fails_names_its_plugin(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    migrations_of(app).mkdir(exist_ok=True)

    class Commands:
        @hookimpl
        def register_commands(self, cli: Any) -> None:
            @cli.command("sizes")
            def sizes() -> None:
                raise KeyError("nope")

    extension_of(app).register(Commands(), name="sizes_plugin")
    result = run_db(app, "sizes")
    assert result.exit_code == 3
    assert "plugin 'sizes_plugin' failed in its command 'sizes': KeyError" in (
        result.stderr
    )
