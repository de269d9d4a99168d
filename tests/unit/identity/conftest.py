"""Fixtures of the identity tests."""

from __future__ import annotations

import pytest

from hanse.crypto.suite import Suite, get_suite
from hanse.identity import Directory, Identity


@pytest.fixture(params=["sm", "intl"])
def suite(request: pytest.FixtureRequest) -> Suite:
    return get_suite(request.param)


@pytest.fixture
def alice(suite: Suite) -> Identity:
    return Identity.create(suite)


@pytest.fixture
def bob(suite: Suite) -> Identity:
    return Identity.create(suite)


@pytest.fixture
def eve(suite: Suite) -> Identity:
    return Identity.create(suite)


@pytest.fixture
def directory(alice: Identity, bob: Identity, eve: Identity) -> Directory:
    return Directory([alice.document(), bob.document(), eve.document()])
