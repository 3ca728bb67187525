"""Where a tenant's tables are: a schema on PostgreSQL, a database of its own elsewhere."""

from __future__ import annotations

import re

import sqlalchemy as sa

from .models import Tenant

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = {"default", "public"}


def engine_of(shared: sa.Engine, tenant: str) -> sa.Engine:
    """Return an engine that sees nothing but the tables of one tenant."""
    url = shared.url
    if shared.dialect.name == "postgresql":
        # Only the tenant's schema: with "public" behind it, the version table of the
        # shared tables would be taken for the tenant's.
        return sa.create_engine(
            url,
            connect_args={"options": f"-csearch_path={tenant}"},
            poolclass=sa.NullPool,
        )
    if shared.dialect.name == "sqlite":
        url = url.set(database=f"{url.database}-{tenant}")
    else:
        url = url.set(database=f"{url.database}_{tenant}")
    return sa.create_engine(url, poolclass=sa.NullPool)


def make_place(shared: sa.Engine, tenant: str) -> None:
    """Make the empty schema or database; nothing where it is there already."""
    with shared.begin() as connection:
        if shared.dialect.name == "postgresql":
            connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {tenant}"))
        elif shared.dialect.name != "sqlite":
            name = f"{shared.url.database}_{tenant}"
            connection.execute(sa.text(f"CREATE DATABASE IF NOT EXISTS `{name}`"))


def tenants(shared: sa.Engine) -> list[str]:
    """Return the names of all tenants; none before the first upgrade."""
    if not sa.inspect(shared).has_table(Tenant.__tablename__):
        return []
    with shared.connect() as connection:
        return list(connection.scalars(sa.select(Tenant.name).order_by(Tenant.name)))


def add(shared: sa.Engine, tenant: str) -> None:
    """Write down a new tenant and make its place."""
    if not NAME.fullmatch(tenant) or tenant in RESERVED:
        raise ValueError(f"{tenant!r} is no name for a tenant: lower case, a to z.")
    make_place(shared, tenant)
    with shared.begin() as connection:
        known = sa.select(Tenant.name).where(Tenant.name == tenant)
        if connection.scalar(known) is None:
            connection.execute(sa.insert(Tenant).values(name=tenant))
