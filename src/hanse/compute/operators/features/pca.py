"""Principal component analysis on shares; the components stay split among the nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LEVELS,
    MAX_CATEGORIES,
    MINIMUM_ROWS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port
from hanse.compute.operators.features.texts import (
    COLUMNS,
    EXCLUDE,
    MODEL_OUT,
    PREPARED,
    PREPARED_ZH,
    TABLE,
)

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="pca",
    version=1,
    title="Joint principal component analysis",
    title_zh="联合主成分分析",
    summary="Finds the directions in which the columns of all owners vary most. "
    f"{PREPARED}. The correlation matrix and the components stay shared; "
    "predict projects rows on the components (values beyond ±10 deviations are clipped there).",
    summary_zh=f"找出各方列变化最大的方向。{PREPARED_ZH}。相关矩阵和主成分始终为分片；"
    "用 predict 把行投影到主成分上（投影时超过 ±10 倍标准差的值被截断）。",
    roles={
        "owner": "prepares its columns and shares them",
        "compute": "finds components on shares and keeps its share of them",
        "receiver": "opens the variances along the components",
    },
    roles_zh={
        "owner": "处理自己的列并以分片形式交出",
        "compute": "在分片上求主成分，保存其分片",
        "receiver": "打开各主成分的方差",
    },
    owners=(1, 16),
    inputs={"table": TABLE},
    outputs={
        "model": MODEL_OUT,
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="Variance along each component, and its share of the whole.",
            help_zh="各主成分的方差及占比。",
            open_to_auditors=True,
        ),
    },
    parameters={
        "components": Parameter(
            type="integer",
            default=3,
            minimum="1",
            maximum="20",
            help="Number of components.",
            help_zh="主成分个数。",
        ),
        "iterations": Parameter(
            type="integer",
            default=40,
            minimum="5",
            maximum="300",
            help="Steps of the orthogonal iteration; components of nearly equal variance need "
            "more.",
            help_zh="正交迭代次数；方差相近的主成分需要更多次。",
        ),
        "columns": COLUMNS,
        "exclude": EXCLUDE,
        "max_categories": MAX_CATEGORIES,
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="At most 500 prepared columns. Variances are good to about 0.0001 of a column's; a "
    "component with a variance under a hundredth of a column's is not exact.",
    ranges_zh="处理后最多 500 列。方差精度约为单列方差的万分之一；"
    "方差低于单列百分之一的主成分不精确。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count and how many prepared columns each other owner brings.",
        "compute": "learns the row count and how many prepared columns each owner brings; no "
        "value, no correlation, no component.",
        "receiver": "learns the row count, how many prepared columns there are, and the variance "
        "along each component. Who has rows projected by predict can estimate the components "
        "from enough rows and its own columns.",
    },
    leaks_zh={
        "owner": "得知行数和其他各方处理后的列数。",
        "compute": "得知行数和各方处理后的列数；不会得知任何数值、相关系数或主成分。",
        "receiver": "得知行数、处理后的列数和各主成分的方差。若再用 predict 得到足够多行的投影，"
        "可结合自己的列推测主成分。",
    },
)


def run(task: Task) -> None:
    """This party's part of the analysis."""
    from hanse.compute.operators.features.reduction import train

    train(task)
