"""Fixtures of the crypto tests."""

from __future__ import annotations

import pytest

from hanse.crypto.suite import Suite, get_suite


@pytest.fixture(params=["sm", "intl"])
def suite(request: pytest.FixtureRequest) -> Suite:
    return get_suite(request.param)
