"""The documentation of the rules, made from the rules themselves.

``python -m flask_alembic_lint.pages > docs/rules.rst`` writes the page; a test
fails when the page is not what this makes.
"""

from __future__ import annotations

import textwrap
from typing import Final

from .rules import RULES, Rule
from .rules.base import ANY

TOPICS: Final = {
    "FA0": "Waivers",
    "FA1": "Adding columns",
    "FA2": "Changing columns",
    "FA3": "Constraints",
    "FA4": "Indexes",
    "FA5": "Dropping and renaming",
    "FA6": "Locks and transactions",
    "FA7": "Data",
    "FA8": "Enumerated types and batch mode",
    "FA9": "Files, names and SQL text",
}
"""The chapters, by how the codes start."""

SERVERS: Final = {
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "sqlite": "SQLite",
    ANY: "any database",
}
"""How the families are called."""


def section(rule: Rule) -> str:
    """Return the section of a rule.

    :param rule: The rule.
    """
    heading = f"{rule.code}: {rule.title}"
    parts = [
        f".. _{rule.code.lower()}:",
        f"{heading}\n{'-' * len(heading)}",
        f"Severity: {severities(rule)}.",
        textwrap.fill(rule.reason, 79),
        "Found:" + code(rule.unsafe),
    ]
    several = len(rule.rewrites) > 1
    for family, text in rule.rewrites.items():
        others = ", ".join(
            SERVERS[each] for each in rule.severities if each not in rule.rewrites
        )
        who = (others or SERVERS[family]) if family == ANY else SERVERS[family]
        name = f" on {who}" if several else ""
        parts.append(f"Safe{name}:" + code(shown(text)))
    return "\n\n".join(parts) + "\n"


def severities(rule: Rule) -> str:
    """Return how much a rule matters on each server, in words.

    :param rule: The rule.
    """
    grouped: dict[str, list[str]] = {}
    for family, severity in rule.severities.items():
        grouped.setdefault(severity, []).append(SERVERS[family])
    return "; ".join(
        f"{severity} on {', '.join(names)}" for severity, names in grouped.items()
    )


def shown(text: str) -> str:
    """Return a rewrite as it is shown: with words for the names to be filled in.

    :param text: The rewrite.
    """
    from .rules.base import fill

    names = {
        "table": "users",
        "column": "name",
        "name": "the_name",
        "type": "sa.String(50)",
        "old_type": "sa.String(50)",
        "value": '"..."',
        "columns": '"name"',
        "plain": "name",
        "remote": '"id"',
        "referent": "others",
        "condition": "age > 0",
        "unique": "",
        "existing": "",
        "default": ', server_default="..."',
        "change": "type_=sa.String(60)",
        "sql": "integer",
        "new_name": "new_name",
        "added": "full_name",
        "first": "users",
        "second": "posts",
        "type_name": "state",
        "values": '"a", "b"',
        "kind": "name_fkey",
        "type_": "foreignkey",
        "verb": "REINDEX TABLE",
        "verb_batch": "UPDATE users SET ...",
        "text": "ROW_FORMAT=DYNAMIC",
        "to": "shop",
        "method": "FULLTEXT",
    }
    return fill(text, names)


def code(text: str) -> str:
    """Return text as a block of Python code.

    :param text: The code.
    """
    return "\n\n.. code-block:: python\n\n" + textwrap.indent(text.strip("\n"), "    ")


def page() -> str:
    """Return the page of all rules."""
    title = "The rules"
    parts = [
        f"{title}\n{'=' * len(title)}",
        "Each rule has a code that stays, a severity for each database, a reason, an\n"
        "example that it finds, and the safe way. A finding shows the safe way with\n"
        "your own tables and columns in it. ``flask db lint-rules FA401`` shows a\n"
        "section in the terminal.",
    ]
    for start, topic in TOPICS.items():
        parts.append(f"{topic}\n{'~' * len(topic)}")
        parts += [
            section(RULES[each]) for each in sorted(RULES) if each.startswith(start)
        ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


if __name__ == "__main__":
    print(page(), end="")
