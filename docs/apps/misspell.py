"""Put a misspelled setting into ``app.py``."""

from pathlib import Path

path = Path("app.py")
line = "    db.init_app(app)\n"
wrong = '    app.config["ALEMBIC"] = {"lock_timeuot": 300}\n'
path.write_text(path.read_text("utf-8").replace(line, wrong + line), "utf-8")
