import labels
from app import alembic, create_app

alembic.register(labels)

app = create_app()
