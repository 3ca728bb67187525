import own_command
from app import alembic, create_app

alembic.register(own_command)

app = create_app()
