"""The history of one app: found, checked, and written to without half files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.script.revision import RevisionError
from alembic.util import CommandError

from ..errors import RevisionFileError, ScriptLocationError
from ..settings.options import is_true
from . import drafting
from .history import History
from .locations import require_folders
from .replacement import replace
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

    _written: list[Path]

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
        self.revision_map.heads  # noqa: B018 -- as above
        return set(self._labels)

    def _adopt(self) -> None:
        self._ids: frozenset[str] = frozenset()
        self._labels: set[str] = set()
        self._added: set[str] = set()
        super()._adopt()

    def _load_scripts(self) -> list[Script]:
        scripts = super()._load_scripts()
        check_history(scripts)
        self._ids = frozenset(script.revision for script in scripts)
        self._labels = {label for script in scripts for label in script.branch_labels}
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

        :raises TemplateError: When the result is not Python or no revision, or the
            message became code; nothing is written.
        """
        self._written = []
        try:
            script = super().generate_revision(*args, **arguments)
        except BaseException as error:
            # A post-write hook failed, or the file cannot be loaded.
            for path in self._written:
                path.unlink(missing_ok=True)
                told = drafting.failed(self.template, path, error)
                if told is not None:
                    raise told from error
            raise
        self._added.add(arguments.get("revid") or args[0])
        self._labels.update(script.branch_labels if script is not None else ())
        return script

    @property
    def template(self) -> Path:
        """The template for revision files."""
        return Path(self.dir, "script.py.mako")

    def _generate_template(
        self, src: str | Path, dest: str | Path, **arguments: Any
    ) -> None:
        """Render, check and write the file.

        Alembic's own method writes in place; it is the one point where rendering
        and writing can be taken apart without repeating ``generate_revision``.
        ``tests/test_scripts.py`` fails when Alembic no longer calls it.
        """
        target = Path(dest)
        source, data = drafting.draft(
            Path(src), target, arguments, self.output_encoding
        )
        if self.before_write is not None:
            self.before_write(arguments["up_revision"], source, target)
        write_new(target, data)
        self._written.append(target)


def open_scripts(environment: Environment, known: Scripts | None) -> Scripts:
    """Return the history of an app, up to date with its files.

    :param environment: The app's environment.
    :param known: The history as it was opened before.
    :raises ScriptLocationError: When the script directory is missing.
    """
    require_folders(environment.locations)
    if known is None:
        known = _open(environment)
        known.index = environment.index
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
        sourceless=is_true(config.get_main_option("sourceless")),
        output_encoding=config.get_main_option("output_encoding") or "utf-8",
        timezone=config.get_main_option("timezone"),
        **_post_write_hooks(config),
        recursive_version_locations=is_true(
            config.get_main_option("recursive_version_locations")
        ),
        messaging_opts={"quiet": True},
    )


def _post_write_hooks(config: Any) -> dict[str, Any]:
    """Return the hooks in the way that this Alembic's script directory takes them."""
    if hasattr(config, "get_hooks_list"):  # since 1.16
        return {"hooks": config.get_hooks_list()}
    return {"hook_config": config.get_section("post_write_hooks", {})}


def write_new(target: Path, content: bytes) -> None:
    """Write a new file as a whole or not at all.

    :param target: The file to be.
    :param content: All of it.
    :raises RevisionFileError: When the target is there already.
    """
    if target.exists():
        raise RevisionFileError(
            f"The file {target} is there already.", "Use another message or id."
        )
    try:
        # A file_template may hold folders, which older versions of Alembic do not make.
        target.parent.mkdir(parents=True, exist_ok=True)
        replace(target, content)
    except OSError as error:
        raise ScriptLocationError(
            f"{target} cannot be written: {error.strerror or error}.",
            "Make the folder writable.",
        ) from error
