"""The history of one app: found, checked, and written to without half files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.script.revision import RevisionError
from alembic.util import CommandError

from ..errors import RevisionFileError, ScriptLocationError, TemplateError
from .docstring import escape, is_plain, skeleton
from .history import History
from .soundness import check_history, check_identifiers, unusable

if TYPE_CHECKING:
    from alembic.script import Script

    from .index import Record, Unread
    from .objects import Environment

BeforeWrite = Callable[[str, str, Path], None]
"""Called with id, source and path of a revision before it is written."""


class Scripts(History):
    """Alembic's ``ScriptDirectory`` for an app.

    It reads the history from an index, and a new revision is compiled, written
    beside its target and renamed, so that no half or broken file can stay.

    .. versionadded:: 4.0
    """

    before_write: BeforeWrite | None = None
    """What looks at each new revision before it is written."""

    _written: Path | None = None

    def known_ids(self) -> frozenset[str]:
        """Return the id of every revision.

        :raises HistoryError: When the files make no history.
        """
        self.revision_map.heads  # noqa: B018 -- builds the map, which fills _ids
        return self._ids | self._added

    def has_revision(self, text: str) -> bool:
        """Return whether a text names a revision: its id, its beginning or a label.

        :param text: What somebody typed.
        """
        try:
            return text in self.known_ids() or self.get_revision(text) is not None
        except (CommandError, RevisionError):
            return False

    def labels(self) -> set[str]:
        """Return the branch labels that revision files give.

        :raises HistoryError: When the files make no history.
        """
        return {
            label for script in self.walk_revisions() for label in script.branch_labels
        }

    def _adopt(self) -> None:
        self._ids: frozenset[str] = frozenset()
        self._added: set[str] = set()
        super()._adopt()

    def _load_scripts(self) -> list[Script]:
        scripts = super()._load_scripts()
        check_history(scripts)
        self._ids = frozenset(script.revision for script in scripts)
        self._added = set()
        return scripts

    def _trust(self, record: Record) -> Script:
        try:
            return super()._trust(record)
        except RevisionError as error:
            raise unusable(Path(record.path), error) from error

    def _execute(self, unread: Unread) -> Script | None:
        path = Path(unread.path)
        try:
            script = super()._execute(unread)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # A revision may even call sys.exit() when it is imported.
            raise unusable(path, error, self.index.locations) from error
        if script is not None:
            check_identifiers(script.module, path)
        return script

    def generate_revision(self, *args: Any, **arguments: Any) -> Script | None:
        """Write a revision file; see ``ScriptDirectory.generate_revision``.

        :raises TemplateError: When the result is not Python, or the message
            became code; nothing is written.
        """
        self._written = None
        try:
            script = super().generate_revision(*args, **arguments)
        except BaseException:
            # A post-write hook failed, or the file cannot be loaded.
            if self._written is not None:
                self._written.unlink(missing_ok=True)
            raise
        self._added.add(arguments.get("revid") or args[0])
        return script

    def _generate_template(
        self, src: str | Path, dest: str | Path, **arguments: Any
    ) -> None:
        """Render, check and write the file.

        Alembic's own method writes in place; it is the one point where rendering
        and writing can be taken apart without repeating ``generate_revision``.
        ``tests/test_scripts.py`` fails when Alembic no longer calls it.
        """
        target = Path(dest)
        message = arguments.pop("message")
        source = _render(Path(src), {**arguments, "message": escape(message)})
        _check(source, target)
        if not is_plain(message):
            plain = _render(Path(src), {**arguments, "message": "message"})
            if skeleton(plain) != skeleton(source):
                raise TemplateError(
                    "The message would become code in the generated file.",
                    'Let the template put ${message} between """ and """ only.',
                )
        if self.before_write is not None:
            self.before_write(arguments["up_revision"], source, target)
        write_new(target, source.encode(self.output_encoding))
        self._written = target


def open_scripts(environment: Environment, known: Scripts | None) -> Scripts:
    """Return the history of an app, up to date with its files.

    :param environment: The app's environment.
    :param known: The history as it was opened before.
    :raises ScriptLocationError: When the script directory is missing.
    """
    script = environment.locations.script
    if not script.is_dir():
        what = "is not a directory" if script.exists() else "does not exist"
        raise ScriptLocationError(
            f"The script directory {script} {what}.", "Create it with: flask db init"
        )
    if not os.access(script, os.R_OK | os.X_OK):
        raise ScriptLocationError(
            f"The script directory {script} cannot be read.", "Check its permissions."
        )
    if known is None:
        known = _open(environment)
    else:
        known.refresh()
    # Built here, under the environment's lock: several threads share the history.
    known.known_ids()
    return known


def _open(environment: Environment) -> Scripts:
    config = environment.config
    length = config.get_main_option("truncate_slug_length")
    return Scripts(
        str(environment.locations.script),
        file_template=config.get_main_option("file_template") or "%(rev)s_%(slug)s",
        truncate_slug_length=int(length) if length else None,
        version_locations=[str(path) for path in environment.locations.paths],
        sourceless=_flag(config.get_main_option("sourceless")),
        output_encoding=config.get_main_option("output_encoding") or "utf-8",
        timezone=config.get_main_option("timezone"),
        hooks=config.get_hooks_list(),
        recursive_version_locations=_flag(
            config.get_main_option("recursive_version_locations")
        ),
        messaging_opts={"quiet": True},
    )


def _flag(value: str | None) -> bool:
    return (value or "").strip().lower() in {"true", "yes", "on", "y", "t", "1"}


def _render(template: Path, arguments: dict[str, Any]) -> str:
    from mako.template import Template

    try:
        text: str = Template(filename=str(template)).render_unicode(**arguments)
    except FileNotFoundError:
        raise TemplateError(
            f"The template {template} is missing.", "Restore it with: flask db mkdir"
        ) from None
    except Exception as error:
        raise TemplateError(
            f"The template {template} failed: {type(error).__name__}: {error}.",
            "Mend the template; nothing was written.",
        ) from error
    return text


def _check(source: str, target: Path) -> None:
    try:
        compile(source.encode("utf-8"), str(target), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise TemplateError(
            f"The generated file would not compile: {getattr(error, 'msg', error)}"
            f"{f' in line {line}' if line else ''}.",
            "Mend script.py.mako, or what renders into it; nothing was written.",
        ) from error


def write_new(target: Path, content: bytes) -> None:
    """Write a new file beside its target and rename it.

    :param target: The file to be.
    :param content: All of it.
    :raises RevisionFileError: When the target is there already.
    """
    if target.exists():
        raise RevisionFileError(
            f"The file {target} is there already.", "Use another message or id."
        )
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ScriptLocationError(
            f"{target} cannot be written: {error.strerror or error}.",
            "Make the folder writable.",
        ) from error
