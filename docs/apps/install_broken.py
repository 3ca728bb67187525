"""Put a plugin that cannot be imported beside the one of ``install.py``."""

from pathlib import Path

information = Path("site", "flask_alembic_cats-0.3.dist-info")
information.mkdir()
information.joinpath("METADATA").write_text(
    "Metadata-Version: 2.1\nName: flask-alembic-cats\nVersion: 0.3\n"
)
information.joinpath("entry_points.txt").write_text(
    "[flask_alembic.plugins]\ncats = flask_alembic_cats\n"
)
Path("site", "flask_alembic_cats.py").write_text("import cats_of_the_internet\n")
