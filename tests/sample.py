"""A plugin of pytest: what repeats runs in full with ``--full``, in a sample otherwise.

A test with several parameters (a list of cases, and the kinds of databases) runs with each
value of each parameter at least once, and not with each combination; one that only has the
kinds of databases runs on one of them. ``@pytest.mark.sample(4)`` keeps four cases of a list
that is the only parameter, and more where each database needs one;
``@pytest.mark.sample("all")`` keeps each combination. ``@pytest.mark.one_database`` is for
modules whose many tests repeat one piece of work: each test runs on one of its databases.
Which one depends on the name of the test only: it is the same in each run and each worker,
whatever other tests there are. ``@pytest.mark.full`` keeps a test for full runs.
:func:`rounds` and :func:`examples` say how often something is repeated, and how many inputs
Hypothesis makes up.

``@pytest.mark.costly`` is for modules whose cases take seconds: one case of each test runs, with
``--full`` each value and each database is there, and only ``--every`` runs each combination too.

``--thin`` runs one case of each test of the sample, on one of the databases, and all cases only
where the marker is ``sample("always")``: enough to see that everything runs in another
environment, such as another version of Python.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from zlib import crc32

import hypothesis
import pytest

DATABASES = re.compile(r"sqlite|postgresql|mariadb|mysql")
Feature = tuple[str, str]
"""A parameter and its value as text, or a database."""

VARIABLE = "FLASK_ALEMBIC_FULL"
MARKERS = (
    "costly: run one case, each value and database with --full, and each combination with --every",
    "full: runs only with --full",
    "one_database: without --full, run on one of the databases",
    "sample(count): without --full, run so many cases only, or each with 'all' ('always' for --thin too)",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--full``."""
    text = "run every case and every round, and not a sample of what repeats"
    parser.addoption("--full", action="store_true", help=text)
    text = "as --full, with each combination of what is costly"
    parser.addoption("--every", action="store_true", help=text)
    text = "run one case of each test, on one of the databases"
    parser.addoption("--thin", action="store_true", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, before any module with tests is imported."""
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    is_full = bool(config.getoption("--full") or config.getoption("--every"))
    os.environ[VARIABLE] = "1" if is_full else ""
    hypothesis.settings.register_profile("full", deadline=None)
    hypothesis.settings.register_profile("sample", deadline=None, max_examples=25)
    hypothesis.settings.load_profile("full" if is_full else "sample")


def is_full() -> bool:
    """Whether this is a run with ``--full``."""
    return bool(os.environ.get(VARIABLE))


def rounds(full: int) -> int:
    """Return how often something is repeated: once without ``--full``.

    ``FLASK_ALEMBIC_ROUNDS`` sets another number.

    :param full: How often with ``--full``.
    """
    return int(os.environ.get("FLASK_ALEMBIC_ROUNDS") or (full if is_full() else 1))


def examples(full: int) -> int:
    """Return how many inputs Hypothesis makes up: a fifth without ``--full``.

    :param full: How many with ``--full``.
    """
    return full if is_full() else max(10, full // 5)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Deselect what is for full runs."""
    if config.getoption("--every"):
        return
    dropped = set(dropped_of_full(items))
    if not config.getoption("--full"):
        dropped = {item for item in items if item.get_closest_marker("full")}
        for cases in cases_of(items).values():
            chosen = choose(on_one_database(cases))
            if config.getoption("--thin"):
                is_one = not keeps_all(cases)
            else:
                is_one = repeats(cases)
            if is_one:
                chosen = [one_of(chosen)]
            dropped.update(set(cases) - set(chosen))
    if dropped:
        items[:] = [item for item in items if item not in dropped]
        config.hook.pytest_deselected(items=list(dropped))


def dropped_of_full(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield what a run with ``--full`` leaves out: combinations of what is costly."""
    for cases in cases_of(items).values():
        if cases[0].get_closest_marker("costly") and varied_parameters(cases) > 1:
            yield from set(cases) - set(covering(cases))


def cases_of(items: Iterable[pytest.Item]) -> dict[str, list[pytest.Function]]:
    """Return the cases of each test that has parameters."""
    cases: dict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            cases[item.nodeid.partition("[")[0]].append(item)
    return cases


def on_one_database(cases: list[pytest.Function]) -> list[pytest.Function]:
    """Return the cases of a test with the marker that are on one database.

    :param cases: All cases of a test.
    """
    found = {case: set(DATABASES.findall(case.callspec.id)) for case in cases}
    databases = sorted(set[str]().union(*found.values()))
    if not databases or not cases[0].get_closest_marker("one_database"):
        return cases
    chosen = databases[number_of(cases[0]) % len(databases)]
    return [case for case in cases if chosen in found[case] or not found[case]]


def repeats(cases: list[pytest.Function]) -> bool:
    """Tell whether one case of a test is enough of a sample.

    :param cases: All cases of the test.
    """
    marker = cases[0].get_closest_marker("sample")
    if marker is not None and marker.args[0] in ("all", "always"):
        return False
    if cases[0].get_closest_marker("costly"):
        return True
    return marker is None and all(
        DATABASES.fullmatch(case.callspec.id) for case in cases
    )


def keeps_all(cases: list[pytest.Function]) -> bool:
    """Tell whether each combination of a test is wanted even in a thin run."""
    marker = cases[0].get_closest_marker("sample")
    return marker is not None and marker.args[0] == "always"


def one_of(cases: list[pytest.Function]) -> pytest.Function:
    """Return one case, on a database that depends on the name of the test alone.

    :param cases: The cases of a test in the sample.
    """
    number = number_of(cases[0])
    found = {case: set(DATABASES.findall(case.callspec.id)) for case in cases}
    databases = sorted(set[str]().union(*found.values()))
    if not databases:
        return cases[number % len(cases)]
    chosen = databases[number % len(databases)]
    return next(case for case in cases if chosen in found[case])


def number_of(case: pytest.Function) -> int:
    """Return a number for a test, which other tests do not change.

    :param case: One of its cases.
    """
    return crc32(case.nodeid.partition("[")[0].encode())


def choose(cases: list[pytest.Function]) -> list[pytest.Function]:
    """Return a sample that holds each database and each value of several parameters.

    :param cases: All cases of a test.
    """
    marker = cases[0].get_closest_marker("sample")
    count = marker.args[0] if marker else None
    is_list = varied_parameters(cases) < 2
    if count in ("all", "always") or (count is None and is_list):
        return cases
    return covering(cases, count or 0, databases_only=is_list)


def covering(
    cases: list[pytest.Function], count: int = 0, *, databases_only: bool = False
) -> list[pytest.Function]:
    """Return cases that together hold each database and each value of a parameter.

    :param cases: All cases of a test.
    :param count: How many there are at least.
    :param databases_only: Whether values do not matter.
    """
    features = {case: features_of(case) for case in cases}
    if databases_only:
        for found in features.values():
            found -= {feature for feature in found if feature[0] != "database"}
    left = sorted(cases, key=lambda case: crc32(case.nodeid.encode()))
    chosen: list[pytest.Function] = []
    missing = set[Feature]().union(*features.values())
    while missing:
        best = max(left, key=lambda case: len(features[case] & missing))
        missing -= features[best]
        left.remove(best)
        chosen.append(best)
    return chosen + left[: max(0, count - len(chosen))]


def varied_parameters(cases: list[pytest.Function]) -> int:
    """Return how many parameters vary independently of each other."""
    columns = defaultdict(list)
    for case in cases:
        for name, value in values_of(case):
            columns[name].append(value)
    return len({tuple(column) for column in columns.values() if len(set(column)) > 1})


def features_of(case: pytest.Function) -> set[Feature]:
    """Return what a sample is to hold at least once."""
    databases = {("database", name) for name in DATABASES.findall(case.callspec.id)}
    return databases.union(values_of(case))


def values_of(case: pytest.Function) -> list[Feature]:
    """Return the parameters of a case. What one decorator gives is one of them."""
    together: dict[str, str] = {}
    for marker in case.iter_markers("parametrize"):
        names = marker.kwargs.get("argnames") or marker.args[0]
        words = names.replace(",", " ").split() if isinstance(names, str) else names
        together.update(dict.fromkeys(words, str(names)))
    values: dict[str, str] = defaultdict(str)
    for name, value in case.callspec.params.items():
        values[together.get(name, name)] += repr(value)
    return list(values.items())
