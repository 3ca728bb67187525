"""Which names of a module nothing defines."""

from __future__ import annotations

import pytest

from flask_alembic.script.unbound_names import unbound_names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x = 1\nprint(x)", {}),
        ("print(y)", {"y": 1}),
        ("def f():\n    return moneytypes.Money()", {"moneytypes": 2}),
        ("import a.b\na.b.c", {}),
        ("import a.b as c\na", {"a": 2}),
        ("from a import b as c\nc", {}),
        ("def f(x, *y, z=1, **w):\n    return x, y, z, w", {}),
        ("def f():\n    x = 1\n    def g():\n        return x", {}),
        ("[x for x in range(3)]", {}),
        ("[y for x in range(3)]", {"y": 1}),
        ("def f():\n    global x\n    x = 1\nprint(x)", {}),
        ("try:\n    import x\nexcept ImportError:\n    x = None\nx", {}),
        ("class A:\n    b = 1\n    c = b", {}),
        ("class A:\n    b = 1\n    def f(self):\n        return b", {"b": 4}),
        ("__file__, __name__, __doc__", {}),
        ("from a import *\nb", {}),
        ("globals()['a'] = 1\na", {}),
        ("def f(x: Missing) -> None: ...", {"Missing": 1}),
        ("from __future__ import annotations\ndef f(x: Missing) -> None: ...", {}),
        ("with open('a') as b:\n    b", {}),
        ("for a, (b, *c) in d:\n    a, b, c", {"d": 1}),
        ("if (a := 1):\n    a", {}),
        ("try:\n    g()\nexcept Odd as e:\n    e", {"Odd": 3, "g": 2}),
        ("match 1:\n    case [a, *b]:\n        a, b", {}),
        ("lambda x: x + y", {"y": 1}),
        ("@deco\ndef f(): ...", {"deco": 1}),
    ],
)
def test_names(source: str, names: dict[str, int]) -> None:
    assert unbound_names(source) == names
