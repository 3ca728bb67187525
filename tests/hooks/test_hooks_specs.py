"""The hooks as they are declared: kinds, signatures, documentation, signals."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from flask_alembic import signals
from flask_alembic.hooks import markers, specs
from flask_alembic.hooks.markers import RULES, has_signal, kind_of
from flask_alembic.hooks.signals import SIGNALS, spec_functions

SPECS = spec_functions()
ROOT = Path(__file__).parents[2]

KINDS = {
    "configure": "modify",
    "register_commands": "modify",
    "output_formats": "collect",
    "graph_formats": "collect",
    "revision_templates": "collect",
    "backends": "collect",
    "report_views": "collect",
    "revision_arguments": "collect",
    "version_locations": "collect",
    "context_options": "collect",
    "open_connection": "wrapper",
    "migration_lock": "firstresult",
    "run_journal": "firstresult",
    "before_command": "guard",
    "after_command": "event",
    "before_revision": "guard",
    "rev_id": "firstresult",
    "is_rename": "firstresult",
    "include_name": "collect",
    "include_object": "collect",
    "compare_type": "firstresult",
    "compare_server_default": "firstresult",
    "render_item": "firstresult",
    "process_revision_directives": "modify",
    "rewrite_revision": "modify",
    "lint_problems": "collect",
    "revision_generated": "event",
    "files_changed": "event",
    "database_status": "collect",
    "readiness_checks": "collect",
    "project_problems": "collect",
    "diagnose": "collect",
    "before_fix": "guard",
    "after_fix": "event",
    "before_upgrade": "guard",
    "before_downgrade": "guard",
    "before_stamp": "guard",
    "run_migrations": "wrapper",
    "apply_revision": "wrapper",
    "prove_revision": "wrapper",
    "before_statement": "guard",
    "progress": "event",
    "revision_applied": "event",
    "revision_failed": "event",
    "run_failed": "event",
    "after_upgrade": "event",
    "after_downgrade": "event",
    "after_stamp": "event",
}
"""Kinds are API: this list changes with a major release only."""

LAST_SENTENCE = {
    "guard": "``Veto`` ",
    "event": "An exception is logged and kept in the report; it changes nothing.",
    "firstresult": "An exception stops the command.",
    "collect": "An exception stops the command.",
    "modify": "An exception ",
    "wrapper": "An exception ",
}

each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)


def test_every_hook_has_its_kind() -> None:
    assert {name: kind_of(spec) for name, spec in SPECS.items()} == KINDS


def test_names_are_unique_in_the_source() -> None:
    tree = ast.parse(inspect.getsource(specs))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert functions == list(SPECS)
    assert len(functions) == len(set(functions))


def test_every_public_function_of_the_module_is_a_hook() -> None:
    defined = {
        name
        for name, value in vars(specs).items()
        if inspect.isfunction(value) and value.__module__ == specs.__name__
    }
    assert defined == set(SPECS)


@each_spec
def test_app_comes_first_and_nothing_has_a_default(
    spec: Callable[..., object],
) -> None:
    parameters = list(inspect.signature(spec).parameters.values())
    assert parameters[0].name == "app"
    for parameter in parameters:
        assert parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        assert parameter.default is inspect.Parameter.empty
        assert parameter.annotation is not inspect.Parameter.empty
    assert inspect.signature(spec).return_annotation is not inspect.Signature.empty


@each_spec
def test_pluggy_is_told_what_follows_from_the_kind(
    spec: Callable[..., object],
) -> None:
    options = getattr(spec, f"{markers.PROJECT}_spec")
    assert options["firstresult"] is RULES[kind_of(spec)].firstresult
    assert not options["historic"]


@each_spec
def test_the_docstring_has_the_fixed_shape(spec: Callable[..., object]) -> None:
    """What; when and in which transaction; parameters; result; failure; version."""
    text = inspect.getdoc(spec) or ""
    what, _, rest = text.partition("\n\n")
    assert re.fullmatch(r"[A-Z][^\n]*\.", what), what
    assert len(what) < 80
    when, _, rest = rest.partition("\n\n:param app: The application.\n")
    assert when, "says nothing about when it is called"
    documented = re.findall(r"^:param (\w+):", text, re.MULTILINE)
    assert documented == list(inspect.signature(spec).parameters)
    returns = inspect.signature(spec).return_annotation != "None"
    assert (":return:" in rest) is returns
    *_, failure, version = text.split("\n\n")
    assert failure.startswith(LAST_SENTENCE[kind_of(spec)])
    assert version == ".. versionadded:: 4.0"


@each_spec
def test_the_docstring_says_where_the_transaction_is(
    spec: Callable[..., object],
) -> None:
    text = inspect.getdoc(spec) or ""
    words = (
        "transaction",
        "commit",
        "COMMIT",
        "rollback",
        "lock is released",
        "only reads",
        "no connection is open",
        "files are in place",
    )
    assert any(word in text for word in words)


def test_signals_are_the_guards_and_tells() -> None:
    wanted = {name for name, kind in KINDS.items() if kind in {"guard", "event"}}
    wanted -= {"before_statement", "progress"}
    assert set(SIGNALS) == wanted
    assert {name for name, spec in SPECS.items() if has_signal(spec)} == wanted


def test_signals_have_the_names_of_their_hooks_with_dashes() -> None:
    names = {name: signal.name for name, signal in SIGNALS.items()}
    assert names == {name: name.replace("_", "-") for name in SIGNALS}
    assert len(set(names.values())) == len(names)


@pytest.mark.parametrize("name", SIGNALS)
def test_every_signal_is_exported_and_documented(name: str) -> None:
    assert getattr(signals, name) is SIGNALS[name]
    assert name in signals.__all__
    source = (ROOT / "flask_alembic" / "hooks" / "signals.py").read_text("utf-8")
    described = re.search(
        rf'^{name}: NamedSignal = SIGNALS\["{name}"\]\n"""(.+?)"""', source, re.M | re.S
    )
    assert described is not None
    documented = re.findall(r"``(\w+)``", described[1].partition("Arguments:")[2])
    assert documented == list(inspect.signature(SPECS[name]).parameters)[1:]


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_carries_the_documentation_of_its_hook(name: str) -> None:
    assert SIGNALS[name].__doc__ == SPECS[name].__doc__


@each_spec
def test_every_hook_is_documented_under_its_exact_signature(
    spec: Callable[..., object],
) -> None:
    """By autodoc, or under a heading that is the signature."""
    text = (ROOT / "docs" / "hooks.rst").read_text("utf-8")
    name = spec.__name__
    signature = f"{name}({', '.join(inspect.signature(spec).parameters)})"
    automatic = rf"^\.\. autofunction:: flask_alembic\.hooks\.specs\.{name}$"
    heading = rf"^(``)?{re.escape(signature)}(``)?\n[-=~^\"'.]{{{len(signature)},}}$"
    found = re.findall(f"{automatic}|{heading}", text, re.MULTILINE)
    assert len(found) == 1, f"docs/hooks.rst has {len(found)} entries for {signature}"


def test_documentation_names_no_hook_that_is_not_there() -> None:
    text = (ROOT / "docs" / "hooks.rst").read_text("utf-8")
    named = re.findall(r"autofunction:: flask_alembic\.hooks\.specs\.(\w+)", text)
    assert set(named) <= set(SPECS)


def test_every_hook_has_a_test_named_after_it() -> None:
    tests = "\n".join(
        path.read_text("utf-8")
        for path in Path(__file__).parent.glob("test_hooks_*.py")
    )
    tested = set(re.findall(r"^def test_hook_(\w+)\(", tests, re.MULTILINE))
    assert set(SPECS) <= tested
    more = tested - set(SPECS)
    assert not [name for name in more if not name.startswith(tuple(SPECS))]
