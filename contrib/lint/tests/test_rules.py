from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask_alembic_lint.examples import OLD
from flask_alembic_lint.examples import revision_text as module
from flask_alembic_lint.rules import RULES, Rule
from flask_alembic_lint.servers import FAMILIES
from silent_cases import SILENT

DOCS = Path(__file__).parents[1] / "docs" / "rules.rst"


def families(rule: Rule) -> list[str]:
    return [family for family in FAMILIES if rule.severity_on(family) is not None]


SQL_WORDS = (
    *("foreign_key_checks", "ctid", "foreignkey", "unique", "primary", "check"),
    "integer",
)
"""Words in advice that are no names of the revision and not in upper case."""

CASES = [(code, family) for code in sorted(RULES) for family in families(RULES[code])]


@pytest.mark.parametrize(("code", "family"), CASES)
def test_finds_its_example(code, family, lint):
    found = lint(RULES[code].unsafe, family, versions=OLD.get(code, {}))
    assert code in [finding.code for finding in found]


@pytest.mark.parametrize(("code", "family"), CASES)
def test_own_advice_is_safe(code, family, lint):
    """The advice names what the example names, is Python, and is not found again."""
    settings = {"versions": OLD.get(code, {})}
    advice = next(
        finding.advice
        for finding in lint(RULES[code].unsafe, family, **settings)
        if finding.code == code
    )
    for part in re.split(r"(?m)^# next revision.*$", advice):
        body = part if ast.parse(part).body else f"{part}\npass"
        ast.parse(module(body))
        again = lint(body, family, **settings)
        assert code not in [finding.code for finding in again], body
        stopped = [
            finding.message
            for finding in again
            if finding.code == "FA904" and "stand-in" not in finding.message
        ]
        assert not stopped


@pytest.mark.parametrize("code", sorted(RULES))
def test_advice_has_no_unfilled_name(code, lint):
    for family in families(RULES[code]):
        for finding in lint(RULES[code].unsafe, family, versions=OLD.get(code, {})):
            assert not re.search(r"\$\{?[a-z]", finding.advice), finding.advice


@pytest.mark.parametrize(
    ("family", "quoted"), [("postgresql", '"order"'), ("mysql", "`order`")]
)
def test_advice_quotes_what_sql_would_misread(family, quoted, lint):
    body = 'op.create_primary_key("pk", "order", ["id"], schema="s")'
    (found,) = lint(body, family)
    assert f"ALTER TABLE s.{quoted} ADD" in found.advice
    ast.parse(found.advice)


@pytest.mark.parametrize("code", sorted(RULES))
def test_advice_names_nothing_that_is_not_there(code, lint):
    """Every table in the code of an advice stands in the revision that it is about."""
    unsafe = RULES[code].unsafe
    for family in families(RULES[code]):
        for finding in lint(unsafe, family, versions=OLD.get(code, {})):
            code_only = ast.unparse(ast.parse(finding.advice))
            texts = [
                node.value
                for node in ast.walk(ast.parse(code_only))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            names = set(re.findall(r"\b[a-z]\w*", " ".join(texts)))
            strange = {re.sub(r"(_name_is_set|_new)$", "", name) for name in names}
            assert not [
                name
                for name in strange
                if name not in SQL_WORDS and not re.search(rf"\b{name}", unsafe)
            ]
            assert "..." not in code_only
            assert not re.search(r"\byour_|YourType", finding.advice)


def test_every_rule_has_silent_cases():
    assert sorted(SILENT) == sorted(RULES)
    assert all(SILENT.values())


@pytest.mark.parametrize(
    ("code", "family", "body"),
    [(code, family, body) for code, cases in SILENT.items() for family, body in cases],
)
def test_stays_silent(code, family, body, lint):
    found = [
        finding.message
        for finding in lint(body, family)
        if finding.code == code and "stand-in" not in finding.message
    ]
    assert found == []


@pytest.mark.parametrize("code", sorted(RULES))
def test_is_documented(code):
    text = DOCS.read_text("utf-8")
    rule = RULES[code]
    assert f".. _{code.lower()}:" in text
    assert f"{code}: {rule.title}\n" in text
    assert rule.reason
    assert rule.title


def test_there_are_enough_rules():
    assert len(RULES) >= 30


def test_documentation_is_what_the_rules_say():
    from flask_alembic_lint.pages import page

    assert DOCS.read_text("utf-8") == page()


def test_documentation_is_valid_rst():
    core = pytest.importorskip("docutils.core")
    done = core.publish_doctree(
        DOCS.read_text("utf-8"), settings_overrides={"report_level": 5}
    )
    problems = [
        node.astext()
        for node in done.findall()
        if type(node).__name__ == "system_message" and "code-block" not in node.astext()
    ]
    assert problems == []
