from __future__ import annotations

import pytest

DROP = 'op.drop_table("a")'


@pytest.mark.parametrize(
    "body",
    [
        DROP + "  # lint: ignore[FA501] nobody uses it",
        "# lint: ignore[FA501] nobody uses it\n" + DROP,
        "# lint: ignore[FA501] nobody uses it\n# and it is backed up\n\n" + DROP,
        'op.drop_table(  # lint: ignore[FA501] nobody uses it\n    "a",\n)',
        'op.drop_table(\n    "a",\n    # lint: ignore[FA501] nobody uses it\n)',
        'op.drop_table(\n    "a",\n)  # lint: ignore[FA501] nobody uses it',
        "# LINT: ignore[fa501, FA502] nobody uses it\n"
        + DROP
        + '; op.drop_column("a", "c")',
        "# lint: ignore[FA501] nobody uses it until 2026-11-23\n" + DROP,
        "# lint: ignore[FA501] nobody uses it, until 2027-01-31.\n" + DROP,
        DROP + "\n\n# lint: ignore-file[FA501] an archive of old things",
        "# lint: ignore[FA501] all of them are empty\nfor name in 'ab':\n    op.drop_table(name)",
        '# lint: ignore[FA502] old\nwith op.batch_alter_table("a") as b:\n    b.drop_column("c")',
    ],
)
def test_waives(body, codes):
    assert codes(body) == []


def test_waives_its_own_line_only(lint):
    body = (
        DROP + "  # lint: ignore[FA501] nobody uses it\n" + DROP.replace('"a"', '"b"')
    )
    assert [(each.code, each.line) for each in lint(body)] == [("FA501", 10)]


def test_waives_its_own_rule_only(codes):
    body = 'op.execute("DROP TABLE a CASCADE")  # lint: ignore[FA501] nobody uses it'
    assert codes(body) == ["FA505"]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# lint: ignore[FA501]", ["FA001", "FA501"]),
        ("# lint: ignore[FA501] until 2027-01-31", ["FA001", "FA501"]),
        ("# lint: ignore[FA501] unused until 2026-11-22", ["FA002", "FA501"]),
        ("# lint: ignore[FA501] unused until 2027-02-31", ["FA002", "FA501"]),
        ("# lint: ignore[FA999] unused", ["FA003", "FA501"]),
        ("# lint: ignore unused", ["FA003", "FA501"]),
        ("# lint: ignore[FA501, FA502] unused", ["FA004"]),
        ("# lint something else", ["FA501"]),
    ],
)
def test_what_is_wrong_with_a_waiver(comment, expected, codes):
    assert codes(f"{DROP}  {comment}") == expected


def test_text_in_a_string_is_no_waiver(codes):
    body = 'op.execute("""\n-- # lint: ignore[FA501] no\nDROP TABLE a\n""")'
    assert codes(body) == ["FA501"]


def test_a_waiver_of_a_rule_that_is_off_is_not_idle(codes):
    assert codes(DROP + "  # lint: ignore[FA501] unused", disable=["FA501"]) == []


def test_nothing_is_called_idle_where_the_revision_stopped(codes):
    body = 'raise ValueError\nop.execute("DROP TABLE a")  # lint: ignore[FA501] unused'
    assert codes(body) == ["FA904"]


def test_expired_waiver_says_what_it_said(lint):
    (found,) = [
        each
        for each in lint(
            DROP + "  # lint: ignore[FA501] one quiet week until 2026-01-01"
        )
        if each.code == "FA002"
    ]
    assert "2026-01-01" in found.message
    assert "one quiet week" in found.message
