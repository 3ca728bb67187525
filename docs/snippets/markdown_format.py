from flask_alembic.hooks import OutputFormat, Report, hookimpl


def render(report: Report) -> str:
    if report.result is None:
        return f"**{report.command.name}**: {'ok' if report.ok else 'not ok'}"
    lines = [
        f"- `{done.step.revision}` {done.step.doc}" for done in report.result.applied
    ]
    return "\n".join(lines) or "Nothing to do."


@hookimpl
def output_formats() -> list[OutputFormat]:
    return [OutputFormat("markdown", render, "a list for a release note")]
