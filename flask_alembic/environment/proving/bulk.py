"""Reading at once what Alembic would ask the server for column by column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

    from ...dialects.catalog import Catalog


@contextmanager
def in_bulk(context: MigrationContext, catalog: Catalog) -> Iterator[None]:
    """Answer some of Alembic's questions without asking the server each time.

    Alembic's object for the dialect answers them; two of its public methods are put
    in front of for the time of one comparison. What is not known goes on to them.

    :param context: The context of the comparison; it is as before at the end.
    :param catalog: What knows the answers.
    """
    impl: Any = context.impl
    reflect, compare = impl.autogen_column_reflect, impl.compare_server_default

    def autogen_column_reflect(
        inspector: Any, table: Any, column_info: dict[str, Any]
    ) -> None:
        assert context.connection is not None
        if catalog.is_serial(context.connection, column_info):
            del column_info["default"]
        else:
            reflect(inspector, table, column_info)

    def compare_server_default(
        inspector_column: Any, metadata_column: Any, metadata: Any, inspected: Any
    ) -> Any:
        if catalog.is_same_default(metadata_column, metadata, inspected):
            return False
        return compare(inspector_column, metadata_column, metadata, inspected)

    impl.autogen_column_reflect = autogen_column_reflect
    impl.compare_server_default = compare_server_default
    try:
        yield
    finally:
        del impl.autogen_column_reflect, impl.compare_server_default
