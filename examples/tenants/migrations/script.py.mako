<%
    # The shared tables, and those of the first tenant: every other tenant gets the same.
    names = [name.strip() for name in (config.get_main_option("databases") or "").split(",")]
    tenant = next((name for name in names if name and name != "default"), "")
%>"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade(engine_name: str) -> None:
    if engine_name == "default":
        upgrade_shared()
    else:
        upgrade_tenant()


def downgrade(engine_name: str) -> None:
    if engine_name == "default":
        downgrade_shared()
    else:
        downgrade_tenant()


def upgrade_shared() -> None:
    ${context.get("default_upgrades") or context.get("upgrades") or "pass"}


def downgrade_shared() -> None:
    ${context.get("default_downgrades") or context.get("downgrades") or "pass"}


def upgrade_tenant() -> None:
    ${context.get("%s_upgrades" % tenant, "pass")}


def downgrade_tenant() -> None:
    ${context.get("%s_downgrades" % tenant, "pass")}
