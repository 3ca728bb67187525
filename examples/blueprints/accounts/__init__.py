"""Who there is."""

from flask import Blueprint
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ..database import db

bp = Blueprint("accounts", __name__)


class Account(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


@bp.get("/accounts")
def names() -> list[str]:
    return list(db.session.scalars(db.select(Account.name)))
