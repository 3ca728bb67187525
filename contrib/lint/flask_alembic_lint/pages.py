"""The documentation of the rules, made from the rules themselves.

``python -m flask_alembic_lint.pages > docs/rules.rst`` writes the page; a test
fails when the page is not what this makes.
"""

from __future__ import annotations

import textwrap
from typing import Final

from .examples import OLD, revision_text
from .linting import Subject, lint
from .revision import RevisionSource
from .rules import RULES, Rule
from .rules.base import ANY
from .servers import FAMILIES
from .settings import Settings

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
    parts += [f"Safe{name}:{code(advice)}" for name, advice in advices(rule)]
    return "\n\n".join(parts) + "\n"


def terminal(rule: Rule) -> str:
    """Return a rule for the terminal.

    :param rule: The rule.
    """
    heading = f"{rule.code}  {rule.title}"
    parts = [heading, f"Severity: {severities(rule)}.", textwrap.fill(rule.reason, 79)]
    parts.append("Found:\n" + textwrap.indent(rule.unsafe, "    "))
    parts += [
        f"Safe{name}:\n{textwrap.indent(advice, '    ')}"
        for name, advice in advices(rule)
    ]
    return "\n\n".join(parts)


def advices(rule: Rule) -> list[tuple[str, str]]:
    """Return the safe ways for the rule's example, each with the servers it is for.

    :param rule: The rule.
    :return: Such as ``" on MySQL, MariaDB"`` and the code; no servers where one way
        is for all.
    """
    found: dict[str, list[str]] = {}
    for family in FAMILIES:
        if rule.severity_on(family) is not None:
            found.setdefault(safe(rule, family), []).append(SERVERS[family])
    several = len(found) > 1
    return [
        (f" on {', '.join(names)}" if several else "", advice)
        for advice, names in found.items()
        if advice
    ]


def severities(rule: Rule) -> str:
    """Return how much a rule matters on each server, in words.

    :param rule: The rule.
    """
    grouped: dict[str, list[str]] = {}
    for family, severity in rule.severities.items():
        others = family == ANY and len(rule.severities) > 1
        grouped.setdefault(severity, []).append("others" if others else SERVERS[family])
    return "; ".join(
        f"{severity} on {', '.join(names)}" for severity, names in grouped.items()
    )


def safe(rule: Rule, family: str) -> str:
    """Return the safe way for the rule's own example.

    :param rule: The rule.
    :param family: A server's family.
    """
    settings = Settings(versions=OLD.get(rule.code, {}))
    source = RevisionSource("b2", revision_text(rule.unsafe))
    for finding in lint(source, {"default": family}, Subject(settings)):
        if finding.code == rule.code:
            return finding.advice
    return rule.rewrite_for(family)


def code(text: str) -> str:
    """Return text as a block of Python code.

    :param text: The code.
    """
    return "\n\n.. code-block:: python\n\n" + textwrap.indent(text.strip("\n"), "    ")


def page() -> str:
    """Return the page of all rules."""
    title = "Rules of the linter"
    parts = [
        f"{title}\n{'=' * len(title)}",
        "Each rule has a code that stays, a severity for each database, a reason, an\n"
        "example that it finds, and the safe way. A finding shows the safe way with\n"
        "your own tables and columns in it. ``flask db lint --explain FA401`` shows a\n"
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
