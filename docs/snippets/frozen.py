from app import alembic, create_app
from freeze import Freeze

alembic.register(Freeze())

app = create_app()
app.config["FREEZE"] = "change freeze until 2 January"
