"""The tables: one table that all share, and those that each tenant has for itself."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Shared(DeclarativeBase):
    """What there is once."""


class Own(DeclarativeBase):
    """What each tenant has."""


class Tenant(Shared):
    """Who has tables here."""

    __tablename__ = "tenants"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)


class Invoice(Own):
    """What a tenant's customers have to pay."""

    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str] = mapped_column(String(80))
    cents: Mapped[int] = mapped_column(default=0, server_default="0")
    paid_on: Mapped[date | None]
