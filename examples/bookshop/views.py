"""The web pages: the shelves for people and as JSON, and what the database is at."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, render_template
from sqlalchemy import select

from .models import Book, db

bp = Blueprint("views", __name__)


def books() -> list[Book]:
    return list(db.session.scalars(select(Book).order_by(Book.title)))


@bp.get("/")
def index() -> str:
    return render_template("index.html", books=books())


@bp.get("/books")
def books_as_json() -> list[dict[str, Any]]:
    return [
        {
            "isbn": book.isbn,
            "title": book.title,
            "author": book.author.name,
            "price_cents": book.price_cents,
            "copies": book.stock.copies if book.stock else 0,
            "stars": [review.stars for review in book.reviews],
        }
        for book in books()
    ]


@bp.get("/ready")
def ready() -> tuple[dict[str, bool], int]:
    """Tell a load balancer whether the database is at the revisions of the code."""
    ready = current_app.extensions["alembic"].readiness().ready
    return {"ready": ready}, 200 if ready else 503
