"""Who runs what: user, host, version of the app, commit, plugins, files."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import flask_alembic

if TYPE_CHECKING:
    from flask import Flask

    from .settings import Settings

COMMITS: Final = (
    "GIT_COMMIT",
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "BITBUCKET_COMMIT",
    "BUILDKITE_COMMIT",
    "CIRCLE_SHA1",
    "HEROKU_SLUG_COMMIT",
    "RENDER_GIT_COMMIT",
    "SOURCE_VERSION",
)
"""The environment variables in which pipelines and hosts give the commit."""

_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def circumstances(app: Flask, settings: Settings) -> dict[str, Any]:
    """Return what a row says about who runs what, by column.

    :param app: The application; an app context must be active.
    :param settings: The settings.
    """
    return {
        "username": user_name(settings),
        "hostname": socket.gethostname(),
        "app_version": app_version(app, settings),
        "git_commit": git_commit(app, settings),
        "plugins": plugin_versions(app),
    }


def user_name(settings: Settings) -> str:
    """Return who runs the command.

    :param settings: Their ``user`` goes over everything.
    """
    if settings.user:
        return settings.user
    try:
        return getpass.getuser()
    except Exception:  # KeyError, ImportError or OSError, by platform and version
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def app_version(app: Flask, settings: Settings) -> str | None:
    """Return the version of the app, if it is known.

    :param app: Its ``VERSION`` or ``APP_VERSION`` in ``app.config`` is taken.
    :param settings: Their ``app_version`` goes over it.
    """
    for value in (
        settings.app_version,
        app.config.get("VERSION"),
        app.config.get("APP_VERSION"),
    ):
        if value:
            return str(value)
    return None


def git_commit(app: Flask, settings: Settings) -> str | None:
    """Return the commit that the app is run from, if it is known.

    :param app: Looked for in the ``.git`` of its root path and above.
    :param settings: Their ``commit`` goes over everything.
    """
    if settings.commit:
        return settings.commit
    for variable in COMMITS:
        value = os.environ.get(variable, "").strip().lower()
        if _COMMIT.fullmatch(value):
            return value
    root = Path(app.root_path)
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            try:
                return _head(folder / ".git")
            except (OSError, UnicodeDecodeError):
                return None
    return None


def _head(git: Path) -> str | None:
    """Read the commit that is checked out; git itself need not be installed."""
    if git.is_file():  # a worktree or a submodule: "gitdir: <path>"
        git = git.parent / git.read_text("utf-8").partition(":")[2].strip()
    head = (git / "HEAD").read_text("utf-8").strip()
    if not head.startswith("ref:"):
        return head if _COMMIT.fullmatch(head) else None
    name = head.partition(":")[2].strip()
    common = git
    if (git / "commondir").is_file():
        common = git / (git / "commondir").read_text("utf-8").strip()
    for folder in (git, common):
        if (folder / name).is_file():
            commit = (folder / name).read_text("utf-8").strip()
            return commit if _COMMIT.fullmatch(commit) else None
    packed = common / "packed-refs"
    if packed.is_file():
        for line in packed.read_text("utf-8").splitlines():
            commit, _, packed_name = line.partition(" ")
            if packed_name == name and _COMMIT.fullmatch(commit):
                return commit
    return None


def plugin_versions(app: Flask) -> str:
    """Return the versions of Flask-Alembic and its active plugins, as JSON.

    :param app: The application; an app context must be active.
    """
    versions = {"Flask-Alembic": flask_alembic.__version__}
    for record in app.extensions["alembic"].plugins:
        if record.status == "active" and record.distribution:
            versions[record.distribution] = record.version
    return json.dumps(versions, sort_keys=True)


def checksum(path: Path | None) -> str | None:
    """Return SHA-256 of a revision's file, or ``None`` without one.

    Line ends do not count: git may check the same file out with others.

    :param path: The file.
    """
    if path is None:
        return None
    try:
        source = path.read_bytes()
    except OSError:
        return None
    return hashlib.sha256(source.replace(b"\r\n", b"\n")).hexdigest()
