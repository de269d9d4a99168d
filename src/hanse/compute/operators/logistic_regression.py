"""Joint logistic regression on shares; the model stays split among the computing nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LABEL,
    LEVELS,
    MAX_CATEGORIES,
    MINIMUM_ROWS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    NOT_LEARNT_FROM,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="logistic_regression",
    version=1,
    title="Joint logistic regression",
    title_zh="联合逻辑回归",
    summary="Mini-batch gradient descent with momentum and L2 regularisation on the columns of "
    "all owners. Each owner prepares its own columns first and keeps the recipe: numbers have "
    "gaps filled with the median (and an indicator column where there were gaps), are "
    "standardised with the training rows' mean and deviation and clipped to ±10; dates count as "
    "numbers of days; texts and truth values become one column per frequent value and one for "
    "the rest; constant columns, keys and the label are left out.",
    summary_zh="在各方的列上做带动量和 L2 正则的小批量梯度下降。"
    "各方先在本地处理自己的列并保留处理规则："
    "数值缺失用中位数填补（有缺失时另加指示列），按训练集均值和标准差标准化并截断到 ±10；日期按天数"
    "当作数值；文本和布尔值按常见取值展开为多列，其余归为一列；常数列、标识列和标签不参与。",
    roles={
        "owner": "prepares its columns and shares them with the computing nodes; one owner holds "
        "the label",
        "compute": "trains on shares and keeps its share of the model",
    },
    roles_zh={
        "owner": "处理自己的列并以分片形式交给算力节点，其中一方持有标签",
        "compute": "在分片上训练，保存模型分片",
    },
    owners=(1, 16),
    inputs={
        "table": Port(
            kind="table",
            held_by=("owner",),
            help="Aligned training table.",
            help_zh="对齐后的训练表。",
        )
    },
    outputs={
        "model": Port(
            kind="model",
            held_by=("owner", "compute"),
            help="Owners: how their columns are prepared. Computing nodes: a share of the weights.",
            help_zh="数据提供方：列的处理规则；算力节点：权重的分片。",
        )
    },
    parameters={
        "label": LABEL,
        "exclude": NOT_LEARNT_FROM,
        "epochs": Parameter(
            type="integer",
            default=10,
            minimum="1",
            maximum="200",
            help="Passes over the training rows.",
            help_zh="训练轮数。",
        ),
        "batch_size": Parameter(
            type="integer",
            default=256,
            minimum="8",
            maximum="65536",
            help="Rows per step of the descent.",
            help_zh="每批行数。",
        ),
        "learning_rate": Parameter(
            type="decimal",
            default="0.1",
            minimum="0.0001",
            maximum="1",
            help="Step length at the start; it falls to a tenth.",
            help_zh="初始学习率，训练中降至十分之一。",
        ),
        "momentum": Parameter(
            type="decimal",
            default="0.9",
            minimum="0",
            maximum="0.95",
            help="Part of the last step that is kept.",
            help_zh="动量系数。",
        ),
        "l2": Parameter(
            type="decimal",
            default="0.001",
            minimum="0",
            maximum="10",
            help="Weight of the L2 penalty.",
            help_zh="L2 正则系数。",
        ),
        "max_categories": MAX_CATEGORIES,
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Prepared values lie within ±10. Before anything is sent, the largest weight the "
    "parameters allow is bounded; if a product could leave the 64-bit ring the step is refused.",
    ranges_zh="处理后的数值在 ±10 以内。发送数据前先估计参数允许的最大权重，若乘积可能超出 64 "
    "位环则拒绝执行。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count and how many prepared columns each other owner brings, "
        "and who holds the label.",
        "compute": "learns the row count, how many prepared columns each owner brings and who "
        "holds the label; no value, no weight.",
    },
    leaks_zh={
        "owner": "得知行数、其他各方处理后的列数以及标签由谁持有。",
        "compute": "得知行数、各方处理后的列数以及标签由谁持有；不会得知任何数值或权重。",
    },
)


def run(task: Task) -> None:
    """This party's part of the training."""
    from hanse.compute.operators.training import train

    train(task)
