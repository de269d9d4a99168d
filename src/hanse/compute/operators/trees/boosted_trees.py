"""Gradient-boosted trees fully under MPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LEVELS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import Memory, OperatorSpec, Parameter, Port
from hanse.compute.operators.trees.declared import INPUTS, PARAMETERS

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="boosted_trees",
    version=1,
    title="Joint boosted trees, fully under MPC",
    title_zh="联合提升树（全程密文）",
    summary="Gradient-boosted trees on the columns of all owners, with XGBoost's objective and "
    "parameters. Each owner turns its columns into candidate splits first and keeps the recipe: "
    "numbers and dates at quantiles (max_bin buckets), texts and truth values at frequent values, "
    "gaps once on either side and once by themselves. Everything else happens on shares: no "
    "split, bucket, leaf weight or prediction is opened. Trees are complete, so that their shape "
    "says nothing.",
    summary_zh="在各方的列上训练梯度提升树，目标函数和参数与 XGBoost 相同。各方先在本地把自己的列"
    "变成候选分裂并保留处理规则：数值和日期按分位数分箱（max_bin），文本和布尔值按常见取值，缺失值分别归到"
    "两侧并单独作为一个候选。其余全部在分片上进行：任何分裂、分箱、叶子权重和预测都不打开。"
    "每棵树都是完全二叉树，形状不透露信息。",
    roles={
        "owner": "turns its columns into candidate splits and shares what its rows answer; one "
        "owner holds the label",
        "compute": "grows the trees on shares and keeps its share of the model",
    },
    roles_zh={
        "owner": "把自己的列变成候选分裂，并以分片形式交出各行的回答；其中一方持有标签",
        "compute": "在分片上建树，保存模型分片",
    },
    owners=(1, 16),
    inputs=INPUTS,
    outputs={
        "model": Port(
            kind="model",
            held_by=("owner", "compute"),
            help="Owners: their candidates. Computing nodes: shares of selectors and weights.",
            help_zh="数据提供方：候选分裂；算力节点：分裂选择和叶子权重的分片。",
        ),
        "importance": Port(
            kind="report",
            held_by=("owner",),
            help="Gain of each of the owner's own columns, when importance is true.",
            help_zh="各方自己各列的增益（importance 为 true 时）。",
        ),
    },
    parameters=PARAMETERS
    | {
        "importance": Parameter(
            type="boolean",
            default=False,
            help="Open to each owner the total gain of each of its own columns.",
            help_zh="是否向各方打开其自己各列的总增益。",
        )
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Gradients lie within ±1 times scale_pos_weight, number labels are standardised by "
    "their holder. Sums of gradients are integers of at most 2^30, whatever the number of rows; "
    "before anything is sent, more than 2^27 rows (times scale_pos_weight) are refused, and so "
    "is a number label more than 1,024 deviations from its mean.",
    ranges_zh="梯度不超过 ±1 乘以 scale_pos_weight；数值标签由持有方标准化。梯度之和为不超过 2^30 "
    "的整数，与行数无关；发送数据前，行数（乘以 scale_pos_weight）超过 2^27 或数值标签"
    "偏离均值超过 1024 个标准差则拒绝执行。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row counts of training and validation tables, how many columns each "
        "other owner brings and how many candidate splits each has, who holds the label, and "
        "with early stopping how many trees were kept. With importance, also the total gain of "
        "each of its own columns.",
        "compute": "learns the row counts, how many columns each owner brings and how many "
        "candidate splits each has, who holds the label, and with early stopping after which "
        "trees to go on; no value, no split, no weight.",
    },
    leaks_zh={
        "owner": "得知训练表和验证表的行数、其他各方的列数及每列候选分裂个数、标签由谁持有；"
        "提前停止时还得知保留的树数；importance 为 true 时得知自己各列的总增益。",
        "compute": "得知行数、各方的列数及每列候选分裂个数、标签由谁持有；提前停止时得知每棵树之后"
        "是否继续；不会得知任何数值、分裂或权重。",
    },
    memory=Memory(base_mib=1000, bytes_per_row=4000, bytes_per_cell=1200),
)


def run(task: Task) -> None:
    """This party's part of the training."""
    from hanse.compute.operators.trees.training import train

    train(task)
