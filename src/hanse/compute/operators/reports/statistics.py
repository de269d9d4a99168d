"""Joint statistics: columns of all owners described one by one and in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LEVELS,
    MINIMUM_ROWS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="statistics",
    version=1,
    title="Joint statistics",
    title_zh="联合统计",
    summary="Count, missing, sum, mean, variance, standard deviation, minimum, maximum, quantiles "
    "and largest values of number columns, and the covariance and correlation of every pair, "
    "also of columns of different owners. Sums and products are exact on shares; extremes, "
    "quantiles and largest values are found by the column's owner and go to the receivers only. "
    "Key columns are left out unless they are named.",
    summary_zh="对各方数值列计算计数、缺失数、总和、均值、方差、标准差、最小值、最大值、分位数和"
    "最大的若干值，以及任意两列（包括不同提供方的列）的协方差和相关系数。求和与乘积在分片上精确计"
    "算；"
    "极值、分位数和最大的若干值由列的持有方得出，只发给接收方。标识列须写明才参与。",
    roles={
        "owner": "shares its columns with the computing nodes",
        "compute": "computes on shares",
        "receiver": "opens the report",
    },
    roles_zh={
        "owner": "将自己的列以分片形式交给算力节点",
        "compute": "在分片上计算",
        "receiver": "打开报表",
    },
    owners=(1, 16),
    inputs={
        "table": Port(
            kind="table", held_by=("owner",), help="Aligned table.", help_zh="对齐后的表。"
        )
    },
    outputs={
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="Statistics by owner and column, and matrices over all columns in that order.",
            help_zh="按提供方和列给出的统计结果，以及按相同顺序排列的矩阵。",
        )
    },
    parameters={
        "columns": Parameter(
            type="texts",
            default=[],
            help="Number columns to report; none named means all but the keys.",
            help_zh="要统计的数值列；不填表示除标识列外的所有数值列。",
            columns_of=("table",),
        ),
        "quantiles": Parameter(
            type="texts",
            default=["0.25", "0.5", "0.75"],
            help="Points from 0 to 1; values between rows are interpolated linearly.",
            help_zh="0 到 1 之间的分位点；行间线性插值。",
        ),
        "top_of": Parameter(
            type="texts",
            default=[],
            help="Columns whose largest values are shown to the receivers.",
            help_zh="向接收方给出最大若干值的列。",
            columns_of=("table",),
        ),
        "top": Parameter(
            type="integer",
            default=10,
            minimum="1",
            maximum="1000",
            help="How many of the largest values.",
            help_zh="给出多少个最大值。",
        ),
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Numbers up to ±1e300 in size. Each owner maps its column to [-1, 1] by the column's "
    "range and sends whole numbers with as many bits b as the row count leaves room for (23 for "
    "30,000 rows), so that sums and products are exact in the 64-bit ring. Means are good to "
    "2^-2b of the range, variances and covariances to about 2^-2b of the squared range: a "
    "variance is within 1e-4 when the deviation is more than 1e-5 of the range.",
    ranges_zh="数值绝对值不超过 1e300。各方按列的取值范围映射到 [-1, 1]，再转换为整数，"
    "位数 b 由行数决定（3 万行时为 23 位），使 64 位环上的求和与乘积精确无溢出。均值误差为取值范"
    "围的 2^-2b，"
    "方差和协方差误差约为范围平方的 2^-2b：标准差大于范围的 1e-5 时，方差相对误差在 1e-4 以内。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count, the names and types of the other owners' number columns, "
        "which of them have too few values to be reported, and whether an owner's have gaps.",
        "compute": "learns the row count, the names and types of the number columns and which of "
        "them have too few values to be reported, and whether an owner's have gaps; no value.",
        "receiver": "learns, beside the report, how many rows two columns have in common, and "
        "over these rows their means, their squares and the sum of their products; pairs with "
        "fewer common rows "
        "than the minimum are hidden. Minimum, maximum, quantiles and largest values are, or lie "
        "between, values of single rows.",
    },
    leaks_zh={
        "owner": "得知行数、其他提供方的数值列名和类型，哪些列因取值过少而不予统计，以及各方的列"
        "是否有缺失。",
        "compute": "得知行数、数值列名和类型，哪些列因取值过少而不予统计，以及各方的列是否有缺"
        "失；不会得知任何数值。",
        "receiver": "除报表外，得知每两列共同有值的行数，以及这些行上的均值、平方和与乘积之和；"
        "共同行数少于下限的列对被隐藏。"
        "最小值、最大值、分位数和最大的若干值是（或介于）个别行的真实取值。",
    },
)


def run(task: Task) -> None:
    """This party's part of the report."""
    from hanse.compute.operators.reports.moments import report

    report(task)
