"""Put plugins into the folder ``site`` as ``pip install --target site`` would.

Without pip, so that the docs can be refreshed and checked without a network.
"""

from pathlib import Path

SNIPPETS = Path(__file__).parent.parent / "snippets"


def install(name: str, source: str, value: str) -> None:
    site = Path("site")
    information = site / f"flask_alembic_{name}-1.0.dist-info"
    information.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: flask-alembic-{name}\nVersion: 1.0\n"
    information.joinpath("METADATA").write_text(metadata)
    entry = f"[flask_alembic.plugins]\n{name} = {value}\n"
    information.joinpath("entry_points.txt").write_text(entry)
    site.joinpath(f"flask_alembic_{name}.py").write_text(source)


freeze = SNIPPETS.joinpath("freeze.py").read_text("utf-8")
install("freeze", f"{freeze}\n\nplugin = Freeze()\n", "flask_alembic_freeze:plugin")
