"""A package to begin with."""

from __future__ import annotations

MANIFEST = """\
name: NAME
version: 1.0.0
title: Debt burden
title_zh: 负债负担
summary: Debt as a share of income in every row, and its mean.
summary_zh: 逐行计算负债收入比及其均值。
inputs:                 # columns; values outside the range are refused
  income: {minimum: 0, maximum: 1000000, help: Yearly income.}
  debt: {minimum: 0, maximum: 1000000, help: Debt.}
parameters:             # Python values, public to all parties
  weight: {default: 1.0, minimum: 0, maximum: 10}
outputs:                # rows: one value per row; [] a number; [3] three numbers
  burden: {shape: rows, help: Weighted debt over income.}
  mean: {shape: [], help: Its mean.}
reveals: The burden of every row. Who knows the income of a row can work out its debt.
reveals_zh: 每一行的负担。知道某行收入者可推算其负债。
levels: [1, 2, 3]
limits: {seconds: 60, memory_mib: 1024}
"""

SOURCE = '''\
"""Debt as a share of income."""

import jax.numpy as jnp


def algorithm(income, debt, weight):
    """Inputs are arrays of shape (rows,); returns the outputs by name."""
    burden = weight * debt / (income + 1.0)
    return {"burden": burden, "mean": jnp.mean(burden)}
'''
