"""Coefficients of a logistic regression with standard errors and Wald's test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LEVELS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Port
from hanse.compute.operators.models import common

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="coefficients",
    version=1,
    title="Coefficients and p-values",
    title_zh="系数与 p 值",
    summary="Coefficients of a logistic_regression (solver newton, no penalty, no class weights) "
    "in the columns' own units, with standard error, z, p-value of Wald's test and 95 % interval. "
    "Fisher's information was inverted on shares in training; here each variance is opened to "
    "the owner of its column. Has no value where columns determine each other.",
    summary_zh="列出 logistic_regression（solver 为 newton，无正则、无类别权重）以列的原单位计的"
    "系数、标准误、z、Wald 检验 p 值和 95% 置信区间。"
    "Fisher 信息矩阵在训练时已在分片上求逆，此处每个方差只向列的持有方打开。"
    "列之间相互决定时不给出数值。",
    roles={
        "owner": "enters how its columns were whitened",
        "compute": "holds shares of the weights and their covariance",
        "receiver": "gets the intercept, and the lines of its own columns, or of all",
    },
    roles_zh={
        "owner": "以分片形式交出去相关矩阵",
        "compute": "持有权重及其协方差的分片",
        "receiver": "得到截距，以及自己列（或所有列）的系数",
    },
    owners=(1, 16),
    inputs={"model": common.TRAINED},
    outputs={
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="Coefficients with standard error, z, p and interval.",
            help_zh="系数、标准误、z、p 值和置信区间。",
        )
    },
    parameters={"disclose": common.DISCLOSE},
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Refused when the means of columns exceed 65,536 of their deviations. Standard errors "
    "are good to about a thousandth.",
    ranges_zh="列均值超过其标准差 65,536 倍时拒绝执行。标准误的精度约千分之一。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count and settings of the training; with disclose all, or as a "
        "receiver, coefficients and standard errors of its own columns.",
        "compute": "learns how many columns each owner has, a power of two that bounds how far "
        "their means lie from zero, and the settings of the training; no weight, no variance.",
        "receiver": "learns the intercept with its standard error, whether columns of different "
        "owners determine each other, and of its own columns coefficients and standard errors. "
        "With disclose all also names, coefficients and standard errors of all owners' columns; "
        "prepared categories are named by their value.",
    },
    leaks_zh={
        "owner": "得知训练的行数和设置；disclose 为 all 或本方为接收方时，"
        "得知自己列的系数和标准误。",
        "compute": "得知各方列数、列均值偏离零程度的二次幂上界以及训练的设置；不会得知权重或方差。",
        "receiver": "得知截距及其标准误、不同提供方的列是否相互决定，以及自己列的系数和标准误。"
        "disclose 为 all 时还得知所有列的名称、系数和标准误，展开的类别列以其取值命名。",
    },
)


def run(task: Task) -> None:
    """This party's part of the reading."""
    from hanse.compute.operators.models.testing import read

    read(task)
