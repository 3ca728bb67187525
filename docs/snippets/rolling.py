from flask_alembic.hooks import DatabaseState, ReadinessProblem, hookimpl


class Rolling:
    """Stay ready while a newer release has upgraded the database."""

    @hookimpl
    def readiness_checks(self, database, state):
        if state in {DatabaseState.AT_HEAD, DatabaseState.UNKNOWN}:
            return None
        return ReadinessProblem(state.value, f"The database {database!r} is {state}.")


# app.config["ALEMBIC_PLUGINS_DISABLED"] = ["readiness"]
# alembic = Alembic(plugins=[Rolling()])
