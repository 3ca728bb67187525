"""Revisions, targets and ranges that do not exist or mean nothing."""

from __future__ import annotations

import pytest
from apps import version_rows, write_table_revision
from sandbox import Sandbox, accepted, refused

UNKNOWN = [
    ("upgrade nosuch", 2, "'nosuch'"),
    ("upgrade nosuch@head", 2, "'nosuch'"),
    ("upgrade nosuch+1", 2, "nosuch"),
    ("upgrade nosuch:betas5 --sql", 2, "nosuch"),
    ("upgrade ../../betas5", 2, "'../../betas5'"),
    ("upgrade betas5;", 2, "'betas5;'"),
    ("plan nosuch", 2, "'nosuch'"),
    ("upgrade --plan nosuch", 2, "'nosuch'"),
    ("upgrade --dry-run nosuch", 2, "'nosuch'"),
    ("upgrade --sql nosuch", 2, "'nosuch'"),
    ("downgrade nosuch", 2, "'nosuch'"),
    ("downgrade nosuch@base", 2, "'nosuch'"),
    ("downgrade nosuch@-1", 2, "nosuch"),
    ("stamp nosuch", 2, "'nosuch'"),
    ("stamp nosuch@head", 2, "'nosuch'"),
    ("stamp --purge nosuch", 2, "'nosuch'"),
    ("show nosuch", 2, "'nosuch'"),
    ("log --start nosuch", 2, "'nosuch'"),
    ("log --end nosuch", 2, "'nosuch'"),
    ("history -r nosuch:", 2, "'nosuch'"),
    ("history -r :nosuch", 2, "'nosuch'"),
    ("edit nosuch", 2, "'nosuch'"),
    ("merge nosuch betas5", 2, "'nosuch'"),
    ("revision --empty -p nosuch message", 2, "'nosuch'"),
    ("revision --empty -d nosuch message", 2, "'nosuch'"),
    ("upgrade --database nosuch", 2, "'nosuch'"),
    ("upgrade --lock-timeout 5", 2, "--lock-timeout"),
    ("upgrade --no-lok alpha1", 2, "--no-lock"),
    ("stamp --no-such=5 alpha1", 2, "--no-such"),
    ("upgrade --sql --resume", 2, "--resume exclude"),
    ("merge alpha1", 2, "alpha1 is one revision"),
    ("current --database nosuch", 2, "'nosuch'"),
    ("check --database nosuch", 2, "'nosuch'"),
    ("hooks nosuch", 2, "'nosuch'"),
    ("hooks before_upgrad", 2, "'before_upgrade'"),
    ("current --format nosuch", 2, "'nosuch'"),
]

AMBIGUOUS = [
    ("upgrade beta", 2, ["'beta'", "betas3, betas4, betas5"]),
    ("downgrade alph", 2, ["'alph'", "alpha1, alpha2"]),
    ("stamp alph", 2, ["'alph'", "alpha1, alpha2"]),
    ("show beta", 2, ["'beta'", "betas3, betas4, betas5"]),
    ("log --start alph", 2, ["'alph'", "alpha1, alpha2"]),
    ("edit beta", 2, ["'beta'", "betas3, betas4, betas5"]),
    ("revision --empty -p beta message", 2, ["'beta'", "betas3, betas4, betas5"]),
]

STEPS = [
    ("upgrade +10", 2, ["+10", "2"]),
    ("upgrade 10", 2, "'10'"),
    ("upgrade +0", 2, "0"),
    ("upgrade -1", 2, "-1"),
    ("upgrade betas3+9", 2, "betas3+9"),
    ("plan +10", 2, "+10"),
    ("upgrade --dry-run +10", 2, "+10"),
    ("downgrade -10", 2, ["-10", "3"]),
    ("downgrade 10", 2, "'10'"),
    ("downgrade +1", 2, "+1"),
    ("downgrade 0", 2, "0"),
    ("downgrade alpha2-9", 2, "alpha2-9"),
    ("stamp +1", 2, "+1"),
    ("stamp 1", 2, "'1'"),
    ("log --start head-9", 2, "head-9"),
]

SENSELESS = [
    ("downgrade head", 2, "'head'"),
    ("downgrade heads", 2, "'heads'"),
    ("downgrade betas5", 2, ["betas5", "betas3"]),
    ("log --start betas5 --end alpha1", 2, ["betas5", "alpha1"]),
    ("history -r betas5:alpha1", 2, ["betas5", "alpha1"]),
    ("history -r betas5", 2, "'betas5'"),
    ("upgrade --plan --sql", 2, ["--plan", "--sql"]),
    ("upgrade --sql --dry-run", 2, ["--sql", "--dry-run"]),
    ("upgrade --nosuch", 2, "--nosuch"),
    ("upgrade -nosuch", 2, "-nosuch"),
    ("downgrade --nosuch", 2, "--nosuch"),
    ("stamp --nosuch", 2, "--nosuch"),
    ("upgrade betas4 betas5", 2, "betas5"),
    ("nosuch", 2, "nosuch"),
    ("upgrad", 2, "upgrad"),
    ("revision --empty -p alpha2 message", 2, ["alpha2", "--splice"]),
    ("revision --empty -p betas5 -p betas5 message", 2, "betas5"),
    ("revision --empty -p betas5 -p nosuch message", 2, "'nosuch'"),
    ("revision --empty --path nosuch message", 2, "nosuch"),
    ("revision --empty --autogenerate message", 2, ["--empty", "--autogenerate"]),
    ("edit heads:base", 2, "heads:base"),
]


@pytest.mark.sample(15)
@pytest.mark.parametrize(
    ("line", "code", "says"), [*UNKNOWN, *AMBIGUOUS, *STEPS, *SENSELESS]
)
def test_what_is_not_there_is_named(
    chain: Sandbox, line: str, code: int, says: str | list[str]
) -> None:
    refused(chain, *line.split(), code=code, says=says)


@pytest.mark.parametrize(
    "command", ["upgrade", "downgrade", "stamp", "show", "edit", "plan"]
)
@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_revision_is_refused(chain: Sandbox, command: str, empty: str) -> None:
    refused(chain, command, empty, code=2, says="empty")


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("a\nb", "'a\\nb'"),
        ("\x1b[31mred", "'\\x1b[31mred'"),
        ("'; DROP TABLE t_alpha1; --", "DROP TABLE"),
        ("é" * 5000, "éé"),
        ("a b", "'a b'"),
    ],
    ids=["line-break", "escape-codes", "sql", "very-long", "space"],
)
@pytest.mark.parametrize("command", ["upgrade", "show"])
def test_an_odd_revision_is_shown_as_text(
    chain: Sandbox, command: str, target: str, shown: str
) -> None:
    refused(chain, command, target, code=2, says=shown)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("upgrade head", ["left", "right", "heads"]),
        ("stamp head", ["left", "right", "heads"]),
        ("upgrade root+1", ["root+1"]),
        ("revision --empty message", ["left", "right", "merge"]),
        ("edit heads", ["2"]),
        ("log --end head", ["left", "right", "heads"]),
    ],
)
def test_one_of_several_heads_has_to_be_named(
    fork: Sandbox, line: str, says: list[str]
) -> None:
    refused(fork, *line.split(), code=2, says=says)


def test_a_relative_downgrade_with_several_heads_is_ambiguous(fork: Sandbox) -> None:
    accepted(fork, "upgrade")
    refused(fork, "downgrade", "-1", code=2, says=["left", "right"])


def test_a_relative_downgrade_from_a_merge_names_what_it_joins(fork: Sandbox) -> None:
    accepted(fork, "merge", "--rev-id", "both")
    accepted(fork, "upgrade")
    for target in ("-1", "left@-1"):
        says = ["left", "right", "flask db downgrade left"]
        refused(fork, "downgrade", target, code=2, says=says)
    accepted(fork, "downgrade", "left")
    assert version_rows(fork.url) == {"left", "right"}


def test_a_relative_downgrade_past_a_merge_asks_for_a_revision(fork: Sandbox) -> None:
    accepted(fork, "merge", "--rev-id", "both")
    accepted(fork, "revision", "--empty", "--rev-id", "next", "next")
    accepted(fork, "upgrade")
    refused(fork, "downgrade", "-2", code=2, says=["-2 is ambiguous", "flask db log"])
    accepted(fork, "downgrade", "-1")
    assert version_rows(fork.url) == {"both"}


def test_a_downgrade_of_an_empty_database_says_so(sandbox: Sandbox) -> None:
    write_table_revision(sandbox.migrations, "alpha1")
    refused(sandbox, "downgrade", code=2, says=["base"])


@pytest.fixture
def numbered(sandbox: Sandbox) -> Sandbox:
    """Revisions with ids of digits only; the second one is applied."""
    ids = ["1700000001", "1700000002", "1700000003", "2"]
    for down, revision in zip([None, *ids], ids, strict=False):
        write_table_revision(sandbox.migrations, revision, down)
    accepted(sandbox, "upgrade", "1700000003")
    return sandbox


@pytest.mark.parametrize(
    ("line", "reached"),
    [
        ("downgrade 1700000001", "1700000001"),
        ("upgrade 2", "2"),
        ("stamp 1700000002", "1700000002"),
        ("stamp 2", "2"),
        ("downgrade -2", "1700000001"),
        ("upgrade +1", "2"),
        ("downgrade 1", "1700000002"),
        ("downgrade 3", "base"),
    ],
)
def test_an_id_of_digits_is_no_number_of_steps(
    numbered: Sandbox, line: str, reached: str
) -> None:
    accepted(numbered, *line.split())
    assert version_rows(numbered.url) == ({reached} - {"base"})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("downgrade 1700000009", "'1700000009'"),
        ("upgrade 1700000009", "'1700000009'"),
        ("downgrade -1700000001", "1700000001"),
        ("upgrade 17000", ["'17000'", "1700000001"]),
        ("stamp 9", "'9'"),
    ],
)
def test_an_unknown_id_of_digits_is_refused(
    numbered: Sandbox, line: str, says: str | list[str]
) -> None:
    refused(numbered, *line.split(), code=2, says=says)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("revision", "message"),
        ("revision --empty", "message"),
        ("revision one -m two", "twice"),
    ],
)
def test_a_revision_needs_one_message(sandbox: Sandbox, line: str, says: str) -> None:
    refused(sandbox, *line.split(), code=2, says=says)
