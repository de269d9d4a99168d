"""A vault, and a way to write a source file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hanse.crypto.suite import Suite, get_suite
from hanse.data.vault import Vault

MASTER_KEY = bytes(range(32))


@pytest.fixture(params=["sm", "intl"])
def suite(request: pytest.FixtureRequest) -> Suite:
    return get_suite(request.param)


@pytest.fixture
def intl_vault(tmp_path: Path) -> Iterator[Vault]:
    vault = Vault(tmp_path / "vault", get_suite("intl"), MASTER_KEY)
    yield vault
    vault.close()


@pytest.fixture
def vault(tmp_path: Path, suite: Suite) -> Iterator[Vault]:
    vault = Vault(tmp_path / "vault", suite, MASTER_KEY)
    yield vault
    vault.close()


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str | bytes, encoding: str = "utf-8", name: str = "source.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write
