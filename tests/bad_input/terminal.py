"""What a command says, in this process or in one of its own, held to the rules."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SECRET = "hunter2secret"
"""The password of every URL that holds one; it may never show."""


@dataclass
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def told(outcome: Outcome, code: int, says: Sequence[str] | str) -> None:
    """Hold the words of a failed command to the rules."""
    assert outcome.code == code, f"[{outcome.code}] {outcome.text}"
    clean(outcome)
    lines = [line for line in outcome.err.splitlines() if line.strip()]
    if lines and lines[0].startswith("Usage:"):
        lines = [line for line in lines if not line.startswith(("Usage:", "Try "))]
    else:
        # One sentence of what happened and one of what to do.
        assert len(lines) == 2, outcome.err
        assert all(
            line.rstrip().endswith((".", "?")) or "flask db" in line or "pip " in line
            for line in lines
        ), outcome.err
    assert lines, outcome.text
    assert lines[0].startswith("Error: "), outcome.err
    assert sum(line.startswith("Error: ") for line in lines) == 1, outcome.err
    assert max(map(len, lines)) < 1200, outcome.err
    for part in [says] if isinstance(says, str) else says:
        assert part in outcome.err, outcome.err


def clean(outcome: Outcome) -> None:
    """Check that nothing shows that must not."""
    assert "Traceback" not in outcome.text, outcome.text
    assert SECRET not in outcome.text, outcome.text
    assert "unexpected error" not in outcome.text, outcome.text
    assert not [c for c in outcome.text if ord(c) < 32 and c not in "\n\t"]


def flask(
    folder: Path,
    *words: str,
    user: int | None = None,
    env: Mapping[str, str] | None = None,
) -> Outcome:
    """Run the real ``flask`` in a process of its own.

    :param folder: The working directory; ``app.py`` there is the app.
    :param words: What follows ``flask``.
    :param user: The number of the user to run as; this user by default.
    :param env: More environment variables.
    """
    done = subprocess.run(
        [sys.executable, "-m", "flask", *words],
        cwd=folder,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("FLASK")},
            "FLASK_SKIP_DOTENV": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **(env or {}),
        },
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        capture_output=True,
        timeout=120,
    )
    return Outcome(
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
    )


def write_app(folder: Path, *, url: str = "sqlite:///app.db", more: str = "") -> Path:
    """Write an ``app.py`` with a factory, for :func:`flask`.

    :param folder: Where to.
    :param url: The database.
    :param more: Further lines of the factory, after ``app`` is made.
    """
    path = folder / "app.py"
    path.write_text(
        textwrap.dedent(
            f"""
            import sqlalchemy as sa
            from flask import Flask
            from flask_sqlalchemy import SQLAlchemy
            from flask_alembic import Alembic

            def create_app():
                app = Flask(__name__)
                app.config["SQLALCHEMY_DATABASE_URI"] = {url!r}
                app.config["ALEMBIC_PLUGINS"] = ()
            {{more}}
                db = SQLAlchemy(app)

                class Author(db.Model):
                    id = sa.Column(sa.Integer, primary_key=True)

                Alembic(app)
                return app
            """
        ).format(more=textwrap.indent(textwrap.dedent(more), "    ")),
        "utf-8",
    )
    return path
