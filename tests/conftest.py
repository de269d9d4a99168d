"""Makes ``tests/support`` importable, and what several kinds of tests share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """SQLAlchemy URL of a PostgreSQL server; without one the tests that ask are skipped."""
    from postgres_server import NoPostgres, postgres_server

    try:
        with postgres_server() as url:
            yield url
    except NoPostgres as reason:
        pytest.skip(str(reason))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests of a file run in one process, and so do all that share the town of six nodes.

    Its computing links have ports of their own, so there can be only one of it at a time.
    """
    shared = "town" in getattr(item, "fixturenames", ())
    item.add_marker(pytest.mark.xdist_group("town" if shared else item.nodeid.split("::")[0]))
