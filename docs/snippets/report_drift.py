import logging

from flask_alembic.signals import after_command

logger = logging.getLogger(__name__)


@after_command.connect
def report_drift(app, report, **extra):
    if report.command.name != "drift":
        return
    for database, differences in report.diffs.items():
        for difference in differences:
            logger.warning("drift in %s: %s", database, difference)
