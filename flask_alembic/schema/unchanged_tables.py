"""Which tables are unchanged, as the server describes them, and what is left to compare.

A table of the database that is described like the one which the models make has nothing
that a revision could change. All other tables are compared by Alembic, and what is the
same in both descriptions is taken out of what it finds: it would be found for ever.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..backends.catalog import UNKNOWN, Catalog, CatalogElement, Key
from ..runtime.alembic_callbacks import BUILTIN_DEFAULTS, BUILTIN_ONLY, COMPLETE
from ..runtime.alembic_private import has_other_comparators, has_reflection_listeners
from .model_catalog import ModelCatalog, NoScratch, ScratchSource, model_catalog
from .translated_schemas import with_translated_schemas

if TYPE_CHECKING:
    from alembic.autogenerate.api import RevisionContext
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import MetaData, Table

    from .described_tables import Completion

    NameFilter = Callable[[Any, Any, Any], Any]
    Descriptions = Mapping[Key, tuple[CatalogElement, ...]]

logger = logging.getLogger("flask_alembic.runtime")


@contextmanager
def with_builtin_plugins(context: MigrationContext) -> Iterator[None]:
    """Let built-in plugins compare defaults before Alembic does.

    :param context: The context of the comparison; it is as before at the end.
    """
    impl: Any = context.impl
    ask = context.opts.get(BUILTIN_DEFAULTS)
    if ask is None:
        yield
        return
    compare = impl.compare_server_default
    asked: list[Any] = []

    def compare_server_default(
        inspected_column: Any, column: Any, rendered: Any, inspected: Any
    ) -> Any:
        if asked:  # a plugin wants to know what Alembic says
            return compare(inspected_column, column, rendered, inspected)
        asked.append(column)
        try:
            answer = answered(inspected_column, column, rendered, inspected)
        finally:
            asked.clear()
        if answer is not None:
            return answer
        return compare(inspected_column, column, rendered, inspected)

    def answered(
        inspected_column: Any, column: Any, rendered: Any, inspected: Any
    ) -> Any:
        return ask(
            context,
            inspected_column,
            column,
            inspected,
            column.server_default,
            rendered,
        )

    kept = vars(impl).get("compare_server_default")
    impl.compare_server_default = compare_server_default
    try:
        yield
    finally:
        del impl.compare_server_default
        if kept is not None:
            impl.compare_server_default = kept


def is_eligible(context: MigrationContext, metadata: Sequence[MetaData]) -> bool:
    """Tell whether nothing but Alembic's own code decides what differs.

    Filters (``include_name``, ``include_object``) may be there: what they can change
    is known.

    :param context: The context of the comparison.
    :param metadata: The models.
    """
    return is_describable(context, metadata) and not (
        _is_foreign(context.opts.get("compare_type"))
        or _is_foreign(context.opts.get("compare_server_default"))
        or has_other_comparators(context)
        or has_reflection_listeners()
    )


def is_describable(context: MigrationContext, metadata: Sequence[MetaData]) -> bool:
    """Tell whether the tables of the models and of the database have the same names.

    :param context: The context of the comparison.
    :param metadata: The models.
    """
    connection = context.connection
    if connection is None or not metadata:
        return False
    default = context.dialect.default_schema_name
    names = [
        (None if table.schema == default else table.schema, table.name)
        for each in metadata
        for table in each.tables.values()
    ]
    return not (
        connection.get_execution_options().get("schema_translate_map")
        # Alembic refuses the same table twice, or takes one for another.
        or len(set(names)) < len(names)
        or not type(context.impl).__module__.startswith("alembic.ddl.")
        or not type(context.dialect).__module__.startswith("sqlalchemy.dialects.")
    )


def _is_foreign(callback: Any) -> bool:
    """Tell whether anybody but built-in plugins takes part in a comparison.

    Those say that something is the same which Alembic takes for different, which the
    descriptions say too.
    """
    return callable(callback) and not hasattr(callback, BUILTIN_ONLY)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """What needs no comparison in one database.

    .. versionadded:: 4.0
    """

    tables: Mapping[int, Table]
    """The tables of the models that are unchanged, by their ``id()``."""

    keys: frozenset[Key]
    """Their names in the database."""

    busy: frozenset[str | None]
    """The schemas in which something is left to compare."""

    models: Mapping[Key, tuple[CatalogElement, ...]] = field(default_factory=dict)
    """How the server describes the other tables as the models make them."""

    database: Mapping[Key, tuple[CatalogElement, ...]] = field(default_factory=dict)
    """How the server describes these tables as they are in the database."""

    def same(self, key: Key, kind: str, name: str | None) -> bool:
        """Tell whether a part of a table is described the same on both sides.

        :param key: The table.
        :param kind: What the part is.
        :param name: Its name.
        """
        described = [
            [each for each in side.get(key, ()) if each[:2] == (kind, name)]
            for side in (self.models, self.database)
        ]
        return bool(described[0]) and described[0] == described[1]


@dataclass(frozen=True, slots=True)
class CatalogComparison:
    """What came of comparing catalogs.

    .. versionadded:: 4.0
    """

    unchanged: Unchanged | None
    """What needs no comparison; ``None`` where Alembic compares everything."""

    reason: str = ""
    """Why Alembic compares everything, where the database is the reason."""


def compare_catalogs(
    context: MigrationContext, metadata: Sequence[MetaData], source: ScratchSource
) -> CatalogComparison:
    """Return which tables are unchanged.

    :param context: The context of the comparison.
    :param metadata: The models.
    :param source: Where the tables of the models can be made.
    """
    if not is_eligible(context, metadata):
        return CatalogComparison(None)
    catalog = source.backend.catalog()
    if catalog is None:
        return CatalogComparison(
            None, f"the catalog of {source.backend.name} is not read"
        )
    assert context.connection is not None
    schemas = bool(context.opts.get("include_schemas"))
    try:
        digests = catalog.digests(context.connection, schemas)
        models = model_catalog(source, catalog, context.connection, metadata, schemas)
    except NoScratch as error:
        return CatalogComparison(None, str(error))
    except Exception as error:
        # Whatever it is, Alembic's comparison either works or says it better.
        logger.debug("The catalog could not be read, Alembic compares", exc_info=error)
        return CatalogComparison(None, "the catalog of the database cannot be read")
    matcher = _Matcher(catalog, context, digests, models)
    return CatalogComparison(matcher.match(metadata))


class _Matcher:
    def __init__(
        self,
        catalog: Catalog,
        context: MigrationContext,
        digests: Mapping[Key, str],
        models: ModelCatalog,
    ) -> None:
        self.catalog = catalog
        self.context = context
        self.digests = digests
        self.models = models
        self.default_schema = context.dialect.default_schema_name
        self.version_table = (context.version_table_schema, context.version_table)
        self.filter: NameFilter | None = context.opts.get("include_name")

    def match(self, metadata: Sequence[MetaData]) -> Unchanged:
        """Look at each table of the models, and at what else the database has."""
        unchanged: dict[Key, Table] = {}
        busy: set[str | None] = set()
        changed: set[Key] = set()
        for table in (t for each in metadata for t in each.tables.values()):
            schema = None if table.schema == self.default_schema else table.schema
            key = (schema, table.name)
            if self._is_unchanged(key):
                unchanged[key] = table
            else:
                busy.add(schema)
                if key in self.digests and key in self.models.digests:
                    changed.add(key)
        for key in self.digests.keys() - unchanged.keys():
            if key != self.version_table and self._asked(key, ()):
                busy.add(key[0])
        logger.debug("%d tables are unchanged, %d differ", len(unchanged), len(changed))
        return Unchanged(
            {id(table): table for table in unchanged.values()},
            frozenset(unchanged),
            frozenset(busy),
            {key: self.models.elements(key) for key in changed},
            self._described(changed),
        )

    def _described(
        self, keys: Collection[Key]
    ) -> Mapping[Key, tuple[CatalogElement, ...]]:
        if not keys:
            return {}
        assert self.context.connection is not None
        schemas = bool(self.context.opts.get("include_schemas"))
        found = self.catalog.elements(self.context.connection, schemas, keys)
        return {key: parts for key, parts in found.items() if key in keys}

    def _is_unchanged(self, key: Key) -> bool:
        digest = self.digests.get(key, UNKNOWN)
        if digest == UNKNOWN or digest != self.models.digests.get(key):
            return False
        if key == self.version_table:
            return False
        return self._asked(key, self.models.elements(key) if self.filter else ())

    def _asked(self, key: Key, parts: Sequence[CatalogElement]) -> bool:
        """Tell whether ``include_name`` lets a table, and names in it, be seen."""
        if self.filter is None:
            return True
        schema, name = key
        full = f"{schema}.{name}" if schema else name
        parents = {"schema_name": schema, "schema_qualified_table_name": full}
        if not self.filter(schema, "schema", {}):
            return False
        if not self.filter(name, "table", dict(parents)):
            return False
        parents["table_name"] = name
        return all(
            self.filter(each.name or None, type_, dict(parents))
            for each in parts
            for type_ in _FILTERED.get(each.kind, ())
        )


_FILTERED = {
    "column": ("column",),
    # Some databases take one for the other.
    "index": ("index", "unique_constraint"),
    "index of constraint": ("index", "unique_constraint"),
    "unique constraint": ("index", "unique_constraint"),
    "foreign key": ("foreign_key_constraint",),
}


@contextmanager
def narrowed(context: MigrationContext, unchanged: Unchanged) -> Iterator[None]:
    """Let Alembic see only what is not known to be unchanged.

    The names of unchanged tables are left out of what the database has, and the tables
    themselves out of what the models add to it. The app's own filters are asked about
    all else.

    :param context: The context of the comparison; it is as before at the end.
    :param unchanged: What needs no comparison.
    """
    own_name = context.opts.get("include_name")
    own_object = context.opts.get("include_object")

    def include_name(name: Any, type_: Any, parent_names: Any) -> bool:
        if type_ == "table" and (parent_names["schema_name"], name) in unchanged.keys:
            return False
        if type_ == "schema" and name not in unchanged.busy:
            return False
        return bool(own_name(name, type_, parent_names)) if own_name else True

    def include_object(
        object: Any, name: Any, type_: Any, reflected: Any, compare_to: Any
    ) -> bool:
        if type_ == "table" and id(object) in unchanged.tables:
            return False
        if own_object is None:
            return True
        return bool(own_object(object, name, type_, reflected, compare_to))

    kept = dict(context.opts)
    context.opts.update(include_name=include_name, include_object=include_object)
    try:
        yield
    finally:
        for key in ("include_name", "include_object"):
            context.opts.pop(key)
            if key in kept:
                context.opts[key] = kept[key]


@contextmanager
def settled(context: MigrationContext, unchanged: Unchanged) -> Iterator[None]:
    """Answer for columns that the server describes the same on both sides.

    Alembic's object for the dialect is asked about types and defaults; two of its
    public methods are put in front of for the time of one comparison.

    :param context: The context of the comparison; it is as before at the end.
    :param unchanged: What the server says.
    """
    impl: Any = context.impl
    types, defaults = impl.compare_type, impl.compare_server_default

    def same(column: Any) -> bool:
        table = column.table
        schema = table.schema
        if schema == context.dialect.default_schema_name:
            schema = None
        return unchanged.same((schema, table.name), "column", column.name)

    def compare_type(inspector_column: Any, metadata_column: Any) -> Any:
        if same(metadata_column):
            return False
        return types(inspector_column, metadata_column)

    def compare_server_default(
        inspector_column: Any, metadata_column: Any, metadata: Any, inspected: Any
    ) -> Any:
        if same(metadata_column):
            return False
        return defaults(inspector_column, metadata_column, metadata, inspected)

    kept = dict(vars(impl))
    impl.compare_type = compare_type
    impl.compare_server_default = compare_server_default
    try:
        yield
    finally:
        for name in ("compare_type", "compare_server_default"):
            delattr(impl, name)
            if name in kept:
                setattr(impl, name, kept[name])


def produce_migrations(
    context: MigrationContext,
    metadata: Sequence[MetaData],
    source: ScratchSource | None,
) -> tuple[MigrationScript, str]:
    """Return what ``alembic.autogenerate.produce_migrations`` returns.

    :param context: A context that is connected to the database.
    :param metadata: The models.
    :param source: Where the tables of the models can be made; ``None`` to let Alembic
        compare everything.
    :return: The operations, and why Alembic alone has compared, where something is
        missing that catalogs could be compared with.
    """
    from alembic.autogenerate import produce_migrations
    from alembic.operations.ops import DowngradeOps, MigrationScript, UpgradeOps

    # One is handed on as one: that is what comparators of add-ons know.
    models: Any = metadata[0] if len(metadata) == 1 else list(metadata)
    compared = (
        compare_catalogs(context, list(metadata), source)
        if source is not None
        else CatalogComparison(None)
    )
    unchanged = compared.unchanged
    completion = _completion(context, list(metadata), source, unchanged)
    if unchanged is None:
        with (
            with_builtin_plugins(context),
            with_translated_schemas(context),
            completion.quiet(),
        ):
            script = produce_migrations(context, models)
        completion.complete(script)
        return script, compared.reason
    if not unchanged.busy:
        script = MigrationScript(None, UpgradeOps([]), DowngradeOps([]))
        completion.complete(script)
        return script, ""
    with (
        narrowed(context, unchanged),
        with_builtin_plugins(context),
        settled(context, unchanged),
        completion.quiet(),
    ):
        script = produce_migrations(context, models)
    completion.complete(script)
    return script, ""


def _completion(
    context: MigrationContext,
    metadata: Sequence[MetaData],
    source: ScratchSource | None,
    unchanged: Unchanged | None,
) -> Completion:
    """Return what adds to Alembic's result.

    :param context: The context of the comparison.
    :param metadata: The models.
    :param source: Where the tables of the models can be made.
    :param unchanged: What catalogs have said; ``None`` where they have not been asked,
        as something else takes part in what Alembic compares.
    """
    from .described_tables import Completion

    if unchanged is not None:
        assert source is not None
        catalog = source.backend.catalog()
        models, database = unchanged.models, unchanged.database
        tables = unchanged.tables
        return Completion(context, metadata, catalog, models, database, tables)
    catalog, models, database = None, {}, {}
    if source is not None and is_describable(context, metadata):
        catalog = source.backend.catalog()
        if catalog is not None:
            models, database = _descriptions(context, metadata, source, catalog)
    return Completion(context, metadata, catalog, models, database, {})


def _descriptions(
    context: MigrationContext,
    metadata: Sequence[MetaData],
    source: ScratchSource,
    catalog: Catalog,
) -> tuple[Descriptions, Descriptions]:
    """Return how the server describes the tables that the models and it have."""
    assert context.connection is not None
    schemas = bool(context.opts.get("include_schemas"))
    try:
        made = model_catalog(source, catalog, context.connection, metadata, schemas)
        stored = catalog.elements(context.connection, schemas)
    except Exception as error:
        # Names can be compared nevertheless.
        logger.debug("The catalog could not be read", exc_info=error)
        return {}, {}
    keys = made.digests.keys() & stored.keys()
    return {key: made.elements(key) for key in keys}, {k: stored[k] for k in keys}


def run_autogenerate(
    revisions: RevisionContext,
    revision: Any,
    context: MigrationContext,
    source: ScratchSource | None,
) -> None:
    """Do what ``RevisionContext.run_autogenerate`` does.

    :param revisions: Collects what is found.
    :param revision: The revisions that the database is at.
    :param context: A context that is connected to the database.
    :param source: Where the tables of the models can be made; ``None`` to let Alembic
        compare everything.
    """
    scripts = revisions.script_directory
    target = context.opts.get("target_metadata") or ()
    metadata = list(target) if isinstance(target, (list, tuple)) else [target]
    at_head = set(scripts.get_revisions(revision)) == set(
        scripts.get_revisions("heads")
    )
    unchanged = (
        compare_catalogs(context, metadata, source).unchanged
        if source is not None and at_head
        else None
    )
    with ExitStack() as stack:
        if at_head:
            completion = _completion(context, metadata, source, unchanged)
            context.opts[COMPLETE] = completion.complete
            stack.callback(context.opts.pop, COMPLETE)
            stack.enter_context(completion.quiet())
        if unchanged is not None and not unchanged.busy:
            # The rest of Alembic's work: the tokens, and who edits what was found.
            revisions.run_no_autogenerate(revision, context)
            return
        if unchanged is not None:
            stack.enter_context(narrowed(context, unchanged))
        stack.enter_context(with_builtin_plugins(context))
        if unchanged is not None:
            stack.enter_context(settled(context, unchanged))
        else:
            stack.enter_context(with_translated_schemas(context))
        revisions.run_autogenerate(revision, context)
