import audit_row
from app import alembic, create_app

alembic.register(audit_row)

app = create_app()
