import sqlalchemy as sa


def a_user_without_email(connection: sa.Connection) -> None:
    connection.exec_driver_sql("INSERT INTO users (name) VALUES ('Ada')")


def prove_history(alembic) -> None:
    result = alembic.prove(all=True, data_before={"5c1e9f37a8d0": a_user_without_email})
    assert result.ok, [proof.reason for proof in result.revisions if not proof.ok]
