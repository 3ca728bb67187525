from logging.config import fileConfig

from alembic import context
from bookshop.search import rebuild_index
from flask import current_app
from sqlalchemy import text

config = context.config
fileConfig(config.config_file_name)
migrate = current_app.extensions["migrate"]
EXCLUDED = {"celery_taskmeta", "celery_tasksetmeta"}


def include_name(name, type_, parent_names):
    return type_ != "table" or name not in EXCLUDED


def run_migrations_online():
    with migrate.db.engine.connect() as connection:
        connection.execute(text("SET ROLE shop_owner"))
        connection.execute(text("SET lock_timeout = '5s'"))
        context.configure(
            connection=connection,
            target_metadata=migrate.db.metadata,
            include_name=include_name,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations(tenant=current_app.config["TENANT"])
    rebuild_index()


run_migrations_online()
