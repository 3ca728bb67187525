import markdown_format
from app import alembic, create_app

alembic.register(markdown_format)

app = create_app()
