"""Joint summary report: one line of statistics per column of every owner."""

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
    name="summary",
    version=1,
    title="Joint summary",
    title_zh="联合统计报表",
    summary="Count, missing, mean and standard deviation of every number column of every owner, "
    "computed on shares and opened to the receivers; count and missing of other columns. Minimum "
    "and maximum are found by the column's owner and go to the receivers only. Key columns are "
    "left out.",
    summary_zh="对各方每个数值列计算行数、缺失数、均值和标准差（在分片上计算，只向接收方打开）；"
    "其他列只计"
    "行数和缺失数。最小值和最大值由列的持有方得出，只发给接收方。标识列不参与。",
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
            help="Statistics by owner and column.",
            help_zh="按提供方和列给出的统计结果。",
        )
    },
    parameters={
        "columns": Parameter(
            type="texts",
            default=[],
            help="Columns to report; none named means all but the keys.",
            help_zh="要统计的列；不填表示除标识列外的所有列。",
            columns_of=("table",),
        ),
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Numbers up to ±1e300 in size. Each owner maps its column to [-1, 1] by the column's "
    "range and sends whole numbers with as many bits as the row count leaves room for, so that "
    "sums and sums of squares are exact in the 64-bit ring.",
    ranges_zh="数值绝对值不超过 1e300。各方按列的取值范围映射到 [-1, 1]，再转换为整数，"
    "位数由行数决定，"
    "使 64 位环上的求和与平方和精确无溢出。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count, the names and types of the other owners' columns, and "
        "which of them have too few values to be reported.",
        "compute": "learns the row count, the names and types of the columns and which of them "
        "have too few values to be reported; no value.",
        "receiver": "learns for every column: name, type, count, missing values and, for numbers, "
        "mean, standard deviation, minimum and maximum. Minimum and maximum are values of single "
        "rows.",
    },
    leaks_zh={
        "owner": "得知行数、其他提供方的列名和列类型，以及哪些列因取值过少而不予统计。",
        "compute": "得知行数、列名和列类型，以及哪些列因取值过少而不予统计；不会得知任何数值。",
        "receiver": "得知每一列的列名、类型、行数、缺失数，数值列还有均值、标准差、最小值和最大值；"
        "最小值和最大值是个别行的真实取值。",
    },
)


def run(task: Task) -> None:
    """This party's part of the report."""
    from hanse.compute.operators.statistics import report

    report(task)
