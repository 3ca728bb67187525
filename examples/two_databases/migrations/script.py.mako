<%
    names = [name.strip() for name in config.get_main_option("databases").split(",")]
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
    UPGRADES.get(engine_name, nothing)()


def downgrade(engine_name: str) -> None:
    DOWNGRADES.get(engine_name, nothing)()


def nothing() -> None:
    pass
% for number, name in enumerate(names):


def upgrade_${number}() -> None:
    """Upgrade the database ${name}."""
    ${context.get("%s_upgrades" % name, "pass")}


def downgrade_${number}() -> None:
    """Downgrade the database ${name}."""
    ${context.get("%s_downgrades" % name, "pass")}
% endfor


UPGRADES = {
% for number, name in enumerate(names):
    ${repr(name)}: upgrade_${number},
% endfor
}
DOWNGRADES = {
% for number, name in enumerate(names):
    ${repr(name)}: downgrade_${number},
% endfor
}
