"""An algorithm package that tests share, and a host that can confine a process."""

from __future__ import annotations

import functools

import pytest

from hanse.compute.algorithms.errors import NoSandbox
from hanse.compute.algorithms.package import Package, make_package
from hanse.compute.algorithms.sandbox.jail import run_confined
from hanse.compute.algorithms.sandbox.jobs import Array, Trace

MANIFEST = """\
name: burden
version: 1.0.0
title: Debt burden
title_zh: 负债负担
summary: Debt as a share of income, weighted, in every row, and its mean.
summary_zh: 逐行计算加权的负债收入比及其均值。
inputs:
  income: {minimum: 0, maximum: 1000}
  debt: {minimum: 0, maximum: 1000}
parameters:
  weight: {default: 0.5, minimum: 0, maximum: 1}
outputs:
  burden: {shape: rows}
  mean: {shape: []}
  top: {shape: [3]}
reveals: The burden of every row. Who knows the income of a row can work out its debt.
reveals_zh: 每一行的负担。知道某行收入者可推算其负债。
levels: [1, 2, 3]
"""
SOURCE = """\
import jax.numpy as jnp


def algorithm(income, debt, weight):
    burden = weight * debt / (income + 1.0)
    return {"burden": burden, "mean": jnp.mean(burden), "top": jnp.sort(burden)[-3:]}
"""


def package(manifest: str = MANIFEST, source: str = SOURCE) -> Package:
    return make_package(manifest, source)


@functools.cache
def _reason() -> str:
    job = Trace("def algorithm(x):\n    return {'y': x}", [Array("x", "float32", (2,))], {})
    try:
        run_confined(job, memory_mib=256, seconds=60)
    except NoSandbox as error:
        return error.message
    return ""


def needs_sandbox() -> None:
    """Skip, with the reason, where the kernel forbids what the sandbox is made of."""
    if _reason():
        pytest.skip(_reason())
