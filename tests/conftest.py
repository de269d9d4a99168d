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
