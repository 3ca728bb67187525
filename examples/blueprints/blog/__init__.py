"""What they write."""

from flask import Blueprint
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ..database import db

bp = Blueprint("blog", __name__)


class Post(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    title: Mapped[str] = mapped_column(String(200))


@bp.get("/posts")
def titles() -> list[str]:
    return list(db.session.scalars(db.select(Post.title)))
