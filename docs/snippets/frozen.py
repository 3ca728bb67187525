from app import alembic, create_app
from freeze import Freeze

alembic.register(Freeze())

app = create_app()
app.config["FREEZE"] = "the shop is full of people until 2 January"
