"""Parsing where other threads parse too."""

from __future__ import annotations

import ast

import pytest

from flask_alembic.script.source_tree import source_tree


def test_an_error_that_other_threads_cause_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parse, calls = ast.parse, []

    def disturbed(source: str, filename: str) -> ast.Module:
        calls.append(filename)
        if len(calls) < 3:
            raise SystemError("AST constructor recursion depth mismatch")
        return parse(source, filename)

    monkeypatch.setattr(ast, "parse", disturbed)
    assert ast.unparse(source_tree("x = 1", "a.py")) == "x = 1"
    assert calls == ["a.py"] * 3


def test_an_error_of_the_source_is_one() -> None:
    with pytest.raises(SyntaxError):
        source_tree("x = (")
