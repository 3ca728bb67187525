"""Merges of what cannot be merged."""

from __future__ import annotations

import pytest
from apps import write_table_revision
from sandbox import Sandbox, accepted, refused


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("merge", ["nothing to merge", "betas5"]),
        ("merge heads", ["nothing to merge", "betas5"]),
        ("merge head", ["nothing to merge", "betas5"]),
        ("merge betas5", ["nothing to merge", "betas5"]),
        ("merge base", ["nothing to merge", "base"]),
        ("merge betas5 betas5", ["betas5", "twice"]),
        ("merge betas5 betas4", ["betas4", "child"]),
        ("merge alpha1 betas5", ["alpha1", "child"]),
        ("merge betas5 base", ["base"]),
        ("merge betas5 nosuch", "'nosuch'"),
        ("merge betas5 beta", "'beta'"),
        ("merge betas5+1 betas5", "betas5+1"),
    ],
)
def test_what_cannot_be_merged_is_refused(
    chain: Sandbox, line: str, says: str | list[str]
) -> None:
    refused(chain, *line.split(), code=2, says=says)


def test_nothing_can_be_merged_without_revisions(sandbox: Sandbox) -> None:
    refused(sandbox, "merge", code=2, says="nothing to merge")


def test_a_merge_of_what_is_merged_is_refused(fork: Sandbox) -> None:
    accepted(fork, "merge")
    refused(fork, "merge", code=2, says="nothing to merge")
    says = ["left", "child", "heads"]
    refused(fork, "merge", "left", "right", code=2, says=says)


def test_heads_of_branches_can_be_merged_by_name(fork: Sandbox) -> None:
    write_table_revision(fork.migrations, "user1", labels="users")
    accepted(fork, "merge", "left", "right")
    accepted(fork, "merge", "default", "users@head")
    accepted(fork, "upgrade")
