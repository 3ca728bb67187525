"""Branch labels that are taken, or could not be used afterwards."""

from __future__ import annotations

import pytest
from apps import write_table_revision
from sandbox import Sandbox, accepted, refused

WRONG = {
    "existing": ("users", ["'users'", "taken"]),
    "default": ("default", ["'default'", "taken"]),
    "an-id": ("aaaa1", ["'aaaa1'", "taken"]),
    "at": ("a@b", "'a@b'"),
    "at-head": ("users@head", "'users@head'"),
    "plus": ("a+1", "'a+1'"),
    "colon": ("a:b", "'a:b'"),
    "space": ("a b", "'a b'"),
    "quote": ("a'b", "a'b"),
    "line-break": ("a\nb", "'a\\nb'"),
    "escape-code": ("\x1b[31m", "'\\x1b[31m'"),
    "slash": ("a/b", "'a/b'"),
    "head": ("head", "'head'"),
    "heads": ("heads", "'heads'"),
    "base": ("base", "'base'"),
    "current": ("current", "'current'"),
    "minus-number": ("-1", "'-1'"),
    "ends-with-step": ("users-1", "'users-1'"),
    "digits": ("12", "'12'"),
    "surrogate": ("a\udcff", "'a\\udcff'"),
    "empty": ("", "empty"),
    "blank": (" ", ""),
}


@pytest.fixture
def labelled(sandbox: Sandbox) -> Sandbox:
    write_table_revision(sandbox.migrations, "aaaa1", labels="default")
    write_table_revision(sandbox.migrations, "bbbb2", labels="users")
    return sandbox


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_label_is_refused(labelled: Sandbox, kind: str) -> None:
    label, says = WRONG[kind]
    line = ["revision", "--empty", f"--label={label}", "message"]
    refused(labelled, *line, code=2, says=says)


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_label_of_a_merge_is_refused(labelled: Sandbox, kind: str) -> None:
    label, says = WRONG[kind]
    refused(labelled, "merge", "-m", "m", f"--label={label}", code=2, says=says)


@pytest.mark.parametrize(
    "kind", [kind for kind in WRONG if kind not in {"existing", "default", "an-id"}]
)
def test_a_wrong_new_branch_is_refused(labelled: Sandbox, kind: str) -> None:
    branch, says = WRONG[kind]
    line = ["revision", "--empty", f"--branch={branch}", "message"]
    refused(labelled, *line, code=2, says=says)


def test_a_label_given_twice_is_refused(labelled: Sandbox) -> None:
    line = ["revision", "--empty", "-l", "new", "-l", "new", "message"]
    refused(labelled, *line, code=2, says="'new'")


def test_a_label_that_is_the_new_id_is_refused(labelled: Sandbox) -> None:
    line = ["revision", "--empty", "-l", "new", "--rev-id", "new", "message"]
    refused(labelled, *line, code=2, says="'new'")


@pytest.mark.parametrize("label", ["orders", "my-branch", "my_branch", "v2", "größe"])
def test_a_good_label_is_taken(labelled: Sandbox, label: str) -> None:
    accepted(labelled, "revision", "--empty", "-b", label, "message")
    accepted(labelled, "revision", "--empty", "-b", label, "another")
    accepted(labelled, "upgrade", f"{label}@head")
    accepted(labelled, "show", label)
