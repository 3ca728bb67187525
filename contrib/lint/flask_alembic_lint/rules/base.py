"""What a rule is: data that a reader understands, and a function that finds it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from string import Template
from typing import TYPE_CHECKING, Any, Final

from flask_alembic.hooks import PluginError

from ..facts.base import Fact
from ..view import View

if TYPE_CHECKING:
    from flask_alembic.hooks import Severity

ANY: Final = "*"
"""Stands for every server in :attr:`Rule.severities` and :attr:`Rule.rewrites`."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a rule applies.

    .. versionadded:: 1.0
    """

    message: str
    """What is wrong here and why, in one sentence."""

    fact: Fact | None = None
    """What does it."""

    line: int | None = None
    """The line, where there is no fact."""

    severity: Severity | None = None
    """Instead of the rule's own."""

    names: Mapping[str, str] = field(default_factory=dict)
    """What stands for ``$table`` and the like in the rewrite."""

    rewrite: str | None = None
    """Another rewrite than the rule's own."""

    advice: str | None = None
    """The safe way, as it is shown; instead of a rewrite with names."""

    unchecked: bool = False
    """Whether it says that a part of ``upgrade()`` was not checked. The guard refuses
    to run what was not checked."""

    @property
    def place(self) -> int | None:
        """The line in the file."""
        return self.fact.where.line if self.fact is not None else self.line


Check = Callable[[View], Iterator[Hit]]
"""Finds the places in a revision where a rule applies."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    .. versionadded:: 1.0
    """

    code: str
    """``FA`` and three digits; never used again for something else."""

    title: str
    """What it finds, in a few words."""

    severities: Mapping[str, Severity]
    """Per server family, or ``*``. It does not look at families that are missing."""

    reason: str
    """Why it matters: which lock, for how long, what breaks, since which version."""

    rewrites: Mapping[str, str]
    """Per server family, or ``*``: how to write it safely, as code."""

    unsafe: str
    """An example: the body of an ``upgrade()``, or a whole file."""

    check: Check

    def severity_on(self, family: str) -> Severity | None:
        """Return how much it matters on a server, ``None`` if it does not look.

        :param family: As in :class:`~flask_alembic_lint.servers.Server`.
        """
        return self.severities.get(family, self.severities.get(ANY))

    def rewrite_for(self, family: str, names: Mapping[str, str] | None = None) -> str:
        """Return the safe way, with names filled in.

        :param family: The server's family.
        :param names: What stands for ``$table`` and the like.
        """
        text = self.rewrites.get(family, self.rewrites.get(ANY, ""))
        return fill(text, names or {}, family)


RESERVED: Final = frozenset(
    [
        "user",
        "order",
        "group",
        "table",
        "column",
        "check",
        "default",
        "primary",
        "references",
        "select",
        "from",
        "where",
        "case",
        "end",
        "limit",
        "offset",
        "all",
        "and",
        "or",
        "not",
        "union",
        "to",
        "desc",
        "asc",
        "grant",
        "key",
        "index",
        "values",
        "rank",
        "groups",
        "rows",
        "system",
        "row",
        "lateral",
        "window",
        "session_user",
    ]
)
"""Names of tables that SQL takes for words of its own."""


def quoted(name: str, family: str) -> str:
    """Return a name as SQL inside a Python string takes it.

    :param name: A table or schema.
    :param family: The server's family.
    """
    if name.lower() not in RESERVED and re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        return name
    return f"`{name}`" if family in ("mysql", "mariadb") else f'\\"{name}\\"'


def fill(text: str, names: Mapping[str, str], family: str = "") -> str:
    """Fill names into a rewrite.

    :param text: Code with ``$table`` and the like.
    :param names: What stands for them; ``$schema`` and ``$qualified`` follow from
        a table that has its schema before a dot.
    :param family: The server's family, for its way to quote.
    """
    given = dict(names)
    schema, _, table = given.get("table", "").rpartition(".")
    given.update(
        table=table,
        schema=f', schema="{schema}"' if schema else "",
        qualified=".".join(
            quoted(part, family) for part in names.get("table", "").split(".")
        ),
    )
    return Template(text).safe_substitute(given)


RULES: Final[dict[str, Rule]] = {}
"""Every rule by its code."""


def rule(
    code: str,
    title: str,
    *,
    on: Mapping[str, Severity],
    reason: str,
    rewrite: str | Mapping[str, str],
    unsafe: str,
) -> Callable[[Check], Rule]:
    """Make a rule of a function and register it.

    :param code: ``FA`` and three digits.
    :param title: What it finds, in a few words.
    :param on: Per server family, or ``*`` for any: how much it matters there.
    :param reason: Why it matters.
    :param rewrite: The safe way as code, or one per server family.
    :param unsafe: An example that it finds.
    :raises PluginError: When the code is taken or not of that form.
    """

    def register(check: Check) -> Rule:
        if not re.fullmatch(r"[A-Z]{2}\d{3}", code) or code in RULES:
            raise PluginError(
                f"The rule code {code!r} is taken or not of the form FA123.",
                "Choose two capital letters and three digits that no rule has.",
            )
        RULES[code] = Rule(
            code=code,
            title=title,
            severities=dict(on),
            reason=" ".join(reason.split()),
            rewrites={ANY: rewrite} if isinstance(rewrite, str) else dict(rewrite),
            unsafe=unsafe.strip("\n"),
            check=check,
        )
        return RULES[code]

    return register


def names_of(fact: Any, **more: str | None) -> dict[str, str]:
    """Return the names that a rewrite may use, taken from a fact.

    :param fact: The fact.
    :param more: Further names; ``None`` becomes an ellipsis.
    """
    found = {"table": fact.table or "..."}
    for key in ("name", "to", "new_name", "referent"):
        value = getattr(fact, key, None)
        if isinstance(value, str) and value:
            found[key] = value
    for key, value in more.items():
        found[key] = value if value is not None else "..."
    return found
