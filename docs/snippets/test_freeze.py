from freeze import Freeze

from flask_alembic.testing import (
    MakeApp,
    RecordedSignals,
    Register,
    check_plugin,
    run_db,
)


def test_hooks_are_valid() -> None:
    assert check_plugin(Freeze()) == ("before_downgrade", "before_upgrade")


def test_an_upgrade_is_refused(
    make_app: MakeApp, register: Register, recorded_signals: RecordedSignals
) -> None:
    app = make_app(revisions=1, FREEZE="Christmas")
    register(Freeze())
    result = run_db(app, "upgrade")
    assert result.exit_code == 3
    assert "Christmas (pending revisions: 1)" in result.output
    assert recorded_signals.of("revision_applied") == []
    assert run_db(app, "upgrade", "--plan").exit_code == 0  # allowed


def test_without_a_freeze_it_runs(make_app: MakeApp, register: Register) -> None:
    app = make_app(revisions=1)
    register(Freeze())
    assert run_db(app, "upgrade").exit_code == 0
