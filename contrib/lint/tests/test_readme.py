"""What the README says is so."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from flask_alembic_lint.rules import RULES
from flask_alembic_lint.settings import READERS, Settings

README = (Path(__file__).parents[1] / "README.rst").read_text("utf-8")


def blocks(language: str) -> list[str]:
    found = re.findall(rf"\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)", README)
    return [textwrap.dedent(block) for block in found]


def test_every_setting_is_documented():
    assert sorted(READERS) == sorted(Settings.__dataclass_fields__)
    for key in READERS:
        assert re.search(rf"^``{key}`` ", README, re.M), key


@pytest.fixture
def own_rule():
    (text,) = [block for block in blocks("python") if "@rule(" in block]
    exec(text, {})
    yield RULES["SH001"]
    del RULES["SH001"]


def test_rule_of_your_own(own_rule, lint):
    body = 'op.create_table("carts", sa.Column("id", sa.Integer, primary_key=True))'
    (found,) = lint(body)
    assert (found.code, found.message) == ("SH001", "carts has no created_at.")
    assert 'op.create_table(\n    "carts",' in found.advice
    assert lint(found.advice) == []
    assert lint(body + "  # lint: ignore[SH001] carts are not reported on") == []


def test_a_code_is_taken_only_once(own_rule):
    from flask_alembic_lint import rule

    from flask_alembic.hooks import PluginError

    with pytest.raises(PluginError, match="SH001"):
        rule("SH001", "x", on={}, reason="", rewrite="", unsafe="")(own_rule.check)


def test_waivers_of_the_readme_waive(codes):
    (text,) = [block for block in blocks("python") if "ignore-file" in block]
    assert codes(text) == ["FA004"]  # downgrade() raises here: nothing for FA901


def test_codes_of_the_readme_exist():
    for code in re.findall(r"\bFA\d{3}\b", README):
        assert code in RULES
