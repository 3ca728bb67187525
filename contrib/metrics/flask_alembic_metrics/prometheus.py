"""Getting metrics to Prometheus: through a file, or through a Pushgateway."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from .errors import NotExported, first_line
from .figures import HELP, PREFIX, Figures, Sample

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

    from .settings import Settings


def registry_of(figures: Figures) -> CollectorRegistry:
    """Return a registry that holds these metrics and no others.

    :param figures: The metrics.
    """
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(figures))
    return registry


class _Collector:
    def __init__(self, figures: Figures) -> None:
        self.figures = figures

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        for name, documentation in HELP.items():
            samples = self.figures.samples.get(name)
            if not samples:
                continue
            family = GaugeMetricFamily(PREFIX + name, documentation)
            for sample in samples:
                family.add_sample(PREFIX + name, dict(sample.labels), sample.value)
            yield family


def write(settings: Settings, figures: Figures) -> None:
    """Write the file, at once: a reader sees the old one or the new one.

    Metrics that this run knows nothing about are taken over from the old file.

    :param settings: Which file.
    :param figures: The metrics.
    :raises NotExported: When it cannot be written; the old one is left as it is.
    """
    from prometheus_client import write_to_textfile

    path = settings.textfile
    whole = Figures({**_old(Path(path)), **figures.samples})
    try:
        write_to_textfile(path, registry_of(whole))
    except OSError as error:
        said = error.strerror or first_line(error)
        raise NotExported(f"{path} cannot be written: {said}.") from error


def _old(path: Path) -> dict[str, list[Sample]]:
    """Return the metrics in a file; none where it is missing or not understood."""
    from prometheus_client.parser import text_string_to_metric_families

    found: dict[str, list[Sample]] = {}
    try:
        for family in text_string_to_metric_families(path.read_text("utf-8")):
            name = family.name.removeprefix(PREFIX)
            if family.name.startswith(PREFIX) and name in HELP:
                found[name] = [Sample(one.labels, one.value) for one in family.samples]
    except (OSError, ValueError):
        return {}
    return found


def push(settings: Settings, app: str, figures: Figures) -> None:
    """Bring the metrics to the Pushgateway.

    Those that this run knows nothing about stay there as they are.

    :param settings: Which, and what it may cost.
    :param app: The name of the app; it has a group of its own.
    :param figures: The metrics.
    :raises NotExported: When the Pushgateway did not take them in time.
    """
    from prometheus_client import pushadd_to_gateway

    def work() -> None:
        pushadd_to_gateway(
            settings.pushgateway,
            job=settings.job,
            registry=registry_of(figures),
            grouping_key={"app": app, **settings.labels},
            timeout=settings.timeout,
            handler=partial(_handler, settings),
        )

    try:
        _within(settings.timeout, work)
    except TimeoutError:
        raise NotExported(
            f"The Pushgateway did not answer within {settings.timeout:g} s."
        ) from None
    except Exception as error:
        reason = getattr(error, "reason", None)
        said = str(getattr(reason, "strerror", None) or reason or first_line(error))
        raise NotExported(
            f"The Pushgateway did not take the metrics: {type(error).__name__}: {said}."
        ) from error


def _handler(
    settings: Settings,
    url: str,
    method: str,
    timeout: float | None,
    headers: list[tuple[str, str]],
    data: bytes,
) -> Callable[[], None]:
    """Return what sends a request; the library's own leaves the answer open."""
    given = dict(headers)
    if settings.username:
        user = f"{settings.username}:{settings.password}".encode()
        given["Authorization"] = f"Basic {b64encode(user).decode()}"

    def send() -> None:
        request = Request(url, data=data, headers=given, method=method)
        try:
            urlopen(request, timeout=timeout).close()
        except HTTPError as error:
            error.close()
            raise

    return send


def _within(seconds: float, work: Callable[[], None]) -> None:
    """Do something that may not take longer; what goes on longer is left alone.

    A socket's timeout bounds each wait of it, not their sum.
    """
    outcome: list[BaseException | None] = []

    def target() -> None:
        try:
            work()
            outcome.append(None)
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=target, name="pushgateway", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise TimeoutError
    if outcome[0] is not None:
        raise outcome[0]
