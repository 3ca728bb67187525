"""``flask stock-up`` fills the shelves, ``flask shelves`` shows what is there."""

from __future__ import annotations

from datetime import date

import click
from flask import Blueprint
from sqlalchemy import select

from .models import Author, Book, Customer, Order, OrderLine, Review, StockLevel, db

bp = Blueprint("shelves", __name__, cli_group=None)

BOOKS = [
    ("Mary Shelley", "9780141439471", "Frankenstein", date(1818, 1, 1), 899, 4),
    ("Jane Austen", "9780141439587", "Emma", date(1815, 12, 23), 799, 2),
    ("Jane Austen", "9780141439518", "Pride and Prejudice", date(1813, 1, 28), 799, 7),
    ("Bram Stoker", "9780141439846", "Dracula", date(1897, 5, 26), 950, 1),
]


@bp.cli.command("stock-up")
def stock_up() -> None:
    """Put a few books on the shelves; those that are there already stay."""
    known = set(db.session.scalars(select(Book.isbn)))
    authors = {author.name: author for author in db.session.scalars(select(Author))}
    new = [entry for entry in BOOKS if entry[1] not in known]
    for name, isbn, title, published_on, price_cents, copies in new:
        author = authors.setdefault(name, Author(name=name))
        book = Book(
            author=author,
            isbn=isbn,
            title=title,
            published_on=published_on,
            price_cents=price_cents,
            stock=StockLevel(copies=copies),
        )
        if title == "Dracula":
            book.reviews.append(Review(stars=5, words="Read it with the lights on."))
        db.session.add(book)
    db.session.commit()
    click.echo(f"{len(new)} new books on the shelves.")


@bp.cli.command("shelves")
def shelves() -> None:
    """List the books in stock."""
    for book in db.session.scalars(select(Book).order_by(Book.title)):
        copies = book.stock.copies if book.stock else 0
        price = f"{book.price_cents / 100:.2f}"
        click.echo(f"{book.title}, {book.author.name}: {copies} at {price}")


@bp.cli.command("order")
@click.argument("email")
@click.argument("isbn")
def order(email: str, isbn: str) -> None:
    """Order one copy of a book."""
    book = db.session.scalar(select(Book).where(Book.isbn == isbn))
    if book is None or book.stock is None or book.stock.copies < 1:
        raise click.ClickException(f"{isbn} is not in stock.")
    customer = db.session.scalar(select(Customer).where(Customer.email == email))
    if customer is None:
        customer = Customer(name=email.partition("@")[0], email=email)
    placed = Order(customer=customer, status="open")
    placed.lines.append(OrderLine(book=book, copies=1))
    book.stock.copies -= 1
    db.session.add(placed)
    db.session.commit()
    click.echo(f"Order {placed.id}: {book.title} for {customer.email}")
