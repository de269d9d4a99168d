"""k-means clustering on shares; the centres stay split among the computing nodes."""

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
    checkpoint_every,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port
from hanse.compute.operators.features.texts import (
    COLUMNS,
    EXCLUDE,
    MODEL_OUT,
    PREPARED,
    PREPARED_ZH,
    SEED,
    TABLE,
)

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="kmeans",
    version=1,
    title="Joint k-means",
    title_zh="联合 k-means 聚类",
    summary=f"Groups the aligned rows by the columns of all owners. {PREPARED} and clipped to "
    "±10. The starting centres are rows drawn by the seed. The cluster of each row is told by "
    "predict.",
    summary_zh=f"按各方的列对行聚类。{PREPARED_ZH}并截断到 ±10。初始中心为按种子抽取的行。"
    "每行所属的簇由 predict 给出。",
    roles={
        "owner": "prepares its columns and shares them",
        "compute": "assigns rows and moves centres on shares; keeps its share of the centres",
        "receiver": "opens the sizes of the clusters and how well they fit",
    },
    roles_zh={
        "owner": "处理自己的列并以分片形式交出",
        "compute": "在分片上分配行、移动中心，保存中心的分片",
        "receiver": "打开各簇大小和拟合程度",
    },
    owners=(1, 16),
    inputs={"table": TABLE},
    outputs={
        "model": MODEL_OUT,
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="Rows of each cluster, sum of squared distances, simplified silhouette.",
            help_zh="各簇行数、距离平方和、简化轮廓系数。",
            open_to_auditors=True,
        ),
    },
    parameters={
        "clusters": Parameter(
            type="integer",
            default=4,
            minimum="2",
            maximum="50",
            help="Number of clusters.",
            help_zh="簇数。",
        ),
        "iterations": Parameter(
            type="integer",
            default=10,
            minimum="1",
            maximum="300",
            help="How often centres are moved; all of them are done, to show nothing.",
            help_zh="迭代次数；为不泄露收敛情况，总是全部执行。",
        ),
        "columns": COLUMNS,
        "exclude": EXCLUDE,
        "max_categories": MAX_CATEGORIES,
        "seed": SEED,
        "minimum_rows": MINIMUM_ROWS,
        "checkpoint_every": checkpoint_every("iterations", "次迭代"),
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Prepared values lie within ±10. More than 6 million rows or 160,000 columns are "
    "refused: their sums could leave the 64-bit ring.",
    ranges_zh="处理后的数值在 ±10 以内。超过 600 万行或 16 万列时拒绝执行，以免超出 64 位环。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count and how many prepared columns each other owner brings.",
        "compute": "learns the row count and how many prepared columns each owner brings; no "
        "value, no centre, no assignment.",
        "receiver": "learns the row count, how many prepared columns there are, the number of "
        "rows of each cluster, the sum of squared distances and the silhouette.",
    },
    leaks_zh={
        "owner": "得知行数和其他各方处理后的列数。",
        "compute": "得知行数和各方处理后的列数；不会得知任何数值、中心或归属。",
        "receiver": "得知行数、处理后的列数、各簇行数、距离平方和与轮廓系数。",
    },
)


def run(task: Task) -> None:
    """This party's part of the clustering."""
    from hanse.compute.operators.features.clustering import train

    train(task)
