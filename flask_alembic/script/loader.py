"""The script directory, built from the index: Alembic's answers without its reading.

Alembic executes every revision file to learn the history. Here the index tells it,
and a file is executed when its revision runs, is shown or is asked for its module.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from alembic.script import Script, ScriptDirectory
from alembic.script.revision import CycleDetected, Revision, RevisionError
from alembic.util import CommandError, load_python_file, to_tuple, warn

from ..config.alembic_options import is_true
from ..errors import AlembicError, RevisionFileError, ScriptLocationError
from . import renderer as drafting
from .atomic_write import replace
from .index import RevisionIndex
from .irreversible_mark import mark_of
from .locations import require_folders
from .records import FolderScan, RevisionRecord, UnreadFile
from .revision_map import HistoryMap
from .validator import (
    check_history,
    check_identifiers,
    cycle_found,
    dependencies_of,
    unusable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config

    from .locations import Locations


_REFUSED = re.compile("[@+:-]")
# What one version of Alembic or another does not allow in an id.

_INITIALIZED = vars(Revision("a", None)).keys() == {
    "revision",
    "down_revision",
    "dependencies",
    "_orig_branch_labels",
    "branch_labels",
}
# Whether Alembic's Revision is what LazyScript knows how to fill.


class LazyScript(Script):
    """A revision whose file is executed when its module is asked for.

    :param record: What the index tells of it.
    :param forget: Called when the file turns out to be another one.

    .. versionadded:: 4.0
    """

    def __init__(self, record: RevisionRecord, forget: Callable[[], object]) -> None:
        self._record = record
        self._forget = forget
        self._module: ModuleType | None = None
        self.path = record.path
        # Script's own initializer takes everything from the module; Revision's, which
        # checks the identifiers, costs as much as the whole index.
        if _is_sound(record):
            self.revision = record.revision
            self.down_revision = record.down_revision
            self.dependencies = record.dependencies
            self._orig_branch_labels = record.branch_labels
            self.branch_labels = set(record.branch_labels)
        else:
            Revision.__init__(
                self,
                record.revision,
                record.down_revisions,
                record.depends_on,
                record.branch_labels,
            )

    @property
    def module(self) -> ModuleType:  # type: ignore[override]
        """The executed file.

        :raises CommandError: When it names other identifiers than those that the
            history was built from.
        """
        if self._module is None:
            folder, name = os.path.split(self.path)
            module = load_python_file(folder, name)
            if not _matches(module, self._record):
                self._forget()
                raise CommandError(
                    f"The revision file {self.path} has other identifiers than when "
                    "the history was read. Run the command again."
                )
            self._module = module
        return self._module

    @property
    def doc(self) -> str:
        """The first paragraph of the docstring."""
        return self._record.doc

    @property
    def longdoc(self) -> str:
        """The whole docstring."""
        return self._record.longdoc

    @property
    def irreversible(self) -> bool | str:
        """Whether its file says that it cannot be reverted, or the reason it gives."""
        return self._record.irreversible


def _is_sound(record: RevisionRecord) -> bool:
    """Tell whether Alembic's Revision would find nothing to refuse."""
    id_ = record.revision
    return not (
        not _INITIALIZED
        or _REFUSED.search(id_)
        or id_ in record.down_revisions
        or id_ in record.depends_on
    )


def _matches(module: ModuleType, record: RevisionRecord) -> bool:
    """Tell whether a module is the one that the history was built from."""
    found = (
        getattr(module, "revision", None),
        to_tuple(getattr(module, "down_revision", None), default=()),
        to_tuple(getattr(module, "branch_labels", None), default=()),
        to_tuple(dependencies_of(module), default=()),
    )
    try:
        return found == record[:4] and mark_of(module) == record.irreversible
    except TypeError:
        return False


class IndexedScriptDirectory(ScriptDirectory):
    """Alembic's script directory, with an index.

    It takes the arguments of :class:`alembic.script.ScriptDirectory`.

    .. versionadded:: 4.0
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._adopt()

    @classmethod
    def from_config(cls, config: Config) -> IndexedScriptDirectory:
        """Return the history of a configuration.

        :param config: It needs ``script_location``.
        :raises CommandError: When there is none, or no such folder.
        """
        # Alembic's own names the class that it makes, and how it reads its
        # configuration changes with its version.
        history = cls.__new__(cls)
        vars(history).update(vars(ScriptDirectory.from_config(config)))
        history._adopt()
        return history

    def _adopt(self) -> None:
        self._index: RevisionIndex | None = None
        self._scan: FolderScan | None = None
        self.revision_map = HistoryMap(self._load_scripts)

    @property
    def index(self) -> RevisionIndex:
        """The index that this history reads; another one may be set to share it."""
        if self._index is None:
            self._index = RevisionIndex(
                # Alembic's list of absolute paths: ``version_locations`` may name
                # packages, and may be empty.
                [os.fspath(location) for location in self._version_locations],
                recursive=self.recursive_version_locations,
                sourceless=self.sourceless,
            )
        return self._index

    @index.setter
    def index(self, index: RevisionIndex) -> None:
        self._index = index

    def refresh(self) -> bool:
        """See what happened to the revision files since the last call.

        Each file is asked for its size and time of change. When one is new, changed
        or gone, the next question is answered from a new map of revisions, and no
        module that was executed before is used again.

        :return: Whether anything changed.

        .. versionadded:: 4.0
        """
        if self._scan is None or self.index.scan() is self._scan:
            return False
        self._scan = None
        self.revision_map = HistoryMap(self._load_scripts)
        return True

    def _load_revisions(self) -> Iterator[Script]:
        # Where Alembic's own map would look; ours asks for the list itself.
        return iter(self._load_scripts())

    def _load_scripts(self) -> list[Script]:
        scan = self.index.scan()
        for path in scan.repeated:
            # In Alembic's words.
            warn(
                f"File {path} loaded twice! ignoring. "
                "Please ensure version_locations is unique."
            )
        scripts: list[Script] = []
        for found in scan.scripts:
            if isinstance(found, RevisionRecord):
                scripts.append(self._trust(found))
            elif (script := self._execute(found)) is not None:
                scripts.append(script)
        self._scan = scan
        return scripts

    def _trust(self, record: RevisionRecord) -> Script:
        """Make a revision of what the index tells."""
        return LazyScript(record, self.index.forget)

    def _execute(self, unread: UnreadFile) -> Script | None:
        """Let Alembic read a file in its own way, with its own errors.

        Its method is the only place that knows legacy names and compiled files. It
        has one name before version 1.16 and another since.
        """
        if hasattr(Script, "_from_path"):
            return Script._from_path(self, Path(unread.path))
        from_filename: Any = getattr(Script, "_from_filename")  # noqa: B009
        script: Script | None = from_filename(self, *os.path.split(unread.path))
        return script


BeforeWrite = Callable[[str, str, Path], str | None]
"""Called with id, source and path of a revision before it is written; may return another
source to write."""


class AppScriptDirectory(IndexedScriptDirectory):
    """Alembic's ``ScriptDirectory`` for an app.

    It reads the history from an index, and a new revision is compiled, written
    beside its target and renamed, so that no half or broken file can stay.

    .. versionadded:: 4.0
    """

    left_out: tuple[str, ...] = ()
    """Plugins whose revisions would be missing: the reason of each, in words."""

    before_write: BeforeWrite | None = None
    """What looks at each new revision before it is written."""

    _written: list[Path]

    @classmethod
    def from_alembic(cls, history: ScriptDirectory) -> AppScriptDirectory:
        """Return a history as one of an app; what its class overrides holds.

        :param history: Alembic's own, or of another class.
        """
        if isinstance(history, AppScriptDirectory):
            return history
        given, kind = type(history), cls
        if not issubclass(cls, given):
            kind = type(given.__name__, (given, cls), {})
        adopted = kind.__new__(kind)
        vars(adopted).update(vars(history))
        adopted.messaging_opts = {**adopted.messaging_opts, "quiet": True}
        adopted._adopt()
        return adopted

    def known_ids(self) -> frozenset[str]:
        """Return the id of every revision.

        :raises HistoryError: When the files make no history.
        """
        try:
            self.revision_map.heads  # noqa: B018 -- builds the map, which fills _ids
        except CycleDetected as error:
            raise cycle_found(super()._load_scripts(), error.revisions) from error
        return self._ids | self._added

    def has_revision(self, text: str) -> bool:
        """Return whether a text names a revision: its id, its beginning or a label.

        :param text: What somebody typed.
        """
        try:
            return text in self.known_ids() or self.get_revision(text) is not None
        except AlembicError:
            raise
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

    def refresh(self) -> bool:
        """See what happened to the revision files since the last call.

        One that was written through this history may be gone again by now, as if it
        had never been there.
        """
        if self._added:
            self._scan = None
            self.revision_map = HistoryMap(self._load_scripts)
            self._added = set()
            return True
        return super().refresh()

    def _load_scripts(self) -> list[Script]:
        scripts = super()._load_scripts()
        check_history(scripts)
        self._ids = frozenset(script.revision for script in scripts)
        self._labels = {label for script in scripts for label in script.branch_labels}
        self._added = set()
        return scripts

    def _trust(self, record: RevisionRecord) -> Script:
        try:
            return super()._trust(record)
        except RevisionError as error:
            raise unusable(Path(record.path), error) from error

    def _execute(self, unread: UnreadFile) -> Script | None:
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
            if dependencies_of(script.module) is None:
                script.dependencies = None
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
        ``tests/commands/revision/test_generator.py`` fails when Alembic no longer calls it.
        """
        target = Path(dest)
        source, data = drafting.draft(
            Path(src), target, arguments, self.output_encoding
        )
        if self.before_write is not None:
            other = self.before_write(arguments["up_revision"], source, target)
            if other is not None:
                data = other.encode(self.output_encoding)
        write_new(target, data)
        self._written.append(target)


@dataclass(frozen=True, slots=True)
class ScriptFolders:
    """Where a history is, for :func:`open_scripts`."""

    config: Config
    """Alembic's configuration."""

    locations: Locations
    """The folders of revisions."""

    index: RevisionIndex
    """What every revision file says."""


class ScriptSource(Protocol):
    """What belongs to an app and tells where its history is."""

    @property
    def config(self) -> Config:
        """Alembic's configuration."""

    @property
    def locations(self) -> Locations:
        """The folders of revisions."""

    @property
    def index(self) -> RevisionIndex:
        """What every revision file says."""


def open_scripts(
    environment: ScriptSource, known: AppScriptDirectory | None
) -> AppScriptDirectory:
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


def _open(environment: ScriptSource) -> AppScriptDirectory:
    config = environment.config
    length = config.get_main_option("truncate_slug_length")
    return AppScriptDirectory(
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
