"""Columns that stay with their owner under CHEETAH, and what computing with them takes."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from hanse.compute.engines.shares import Sharing, runtime_config, unpack
from hanse.compute.operators.regression import SideBySide, short_logistic, with_ones


def content(share: bytes) -> bytes:
    return b"".join(bytes(chunk) for chunk in unpack(share).share_chunks)


def test_the_other_node_can_make_its_part_of_a_private_value_without_knowing_it() -> None:
    sharing = Sharing("cheetah")
    values = np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)
    own, other = sharing.private(values, 0)
    assert other == sharing.private(np.zeros((50, 3), np.float32), 0)[1]
    fixed = (values * np.float32(2**18)).astype(np.int64)
    assert fixed[:1, :2].tobytes()[:6] in content(own)
    joined = sharing.join([own, other])
    assert joined == pytest.approx(values, abs=2**-17)


def test_blocks_side_by_side_multiply_as_one_table_with_ones() -> None:
    rng = np.random.default_rng(2)
    blocks = [jnp.asarray(rng.normal(size=(20, width)), jnp.float32) for width in (3, 1, 4)]
    apart, table = SideBySide(blocks), with_ones(blocks)
    assert apart.shape == table.shape
    for shape in ((9,), (9, 2)):
        values = jnp.asarray(rng.normal(size=shape), jnp.float32)
        assert np.asarray(apart @ values) == pytest.approx(np.asarray(table @ values), abs=1e-4)
    for shape in ((20,), (2, 20)):
        error = jnp.asarray(rng.normal(size=shape), jnp.float32)
        assert np.asarray(error @ apart) == pytest.approx(np.asarray(error @ table), abs=1e-4)


def test_the_short_logistic_function_is_as_near_as_it_says() -> None:
    z = np.linspace(-40.0, 40.0, 20_001)
    exact = 1.0 / (1.0 + np.exp(-z))
    assert np.abs(np.asarray(short_logistic(jnp.asarray(z))) - exact).max() < 0.0028


def test_settings_of_cheetah_are_those_of_the_installed_spu() -> None:
    """They are written as bytes: a release of SPU with other numbers would ignore them."""
    settings = runtime_config("cheetah").cheetah_2pc_config
    assert settings.disable_matmul_pack
    assert not settings.enable_mul_lsb_error
    assert {"disable_matmul_pack", "enable_mul_lsb_error", "ot_kind"} <= set(dir(settings))
    assert not runtime_config("aby3").cheetah_2pc_config.disable_matmul_pack
