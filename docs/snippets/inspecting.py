from flask_alembic.hooks import DatabaseState, Finding, ReadinessProblem, hookimpl


def count_of(connection, table):
    return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()


class Countries:
    """An app that cannot work without its list of countries."""

    @hookimpl
    def database_status(self, connection):
        if not connection.dialect.has_table(connection, "country"):
            return None
        return {"countries": count_of(connection, "country")}

    @hookimpl
    def readiness_checks(self, connection, state):
        if state is DatabaseState.AT_HEAD and not count_of(connection, "country"):
            return ReadinessProblem("no-countries", "There are no countries.")

    @hookimpl
    def diagnose(self, database, connection):
        if connection is None or not connection.dialect.has_table(
            connection, "country"
        ):
            return
        if not count_of(connection, "country"):
            yield Finding(
                "no-countries",
                f"The database {database!r} has no countries.",
                "flask db doctor --fix",
                fix=self.add,
            )

    def add(self, connection):
        connection.exec_driver_sql("INSERT INTO country VALUES ('AT'), ('NL')")
        return ["Added 2 countries"]
