"""Cross-tabulated report: groups by columns of several owners, aggregated on shares."""

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

MINIMUM_GROUP = Parameter(
    type="integer",
    default=10,
    minimum="2",
    maximum="1000000",
    help="Groups with fewer rows are hidden, and so is what would give them away.",
    help_zh="行数少于此值的分组被隐藏，可推算出它们的数值也一并隐藏。",
)
MOST_GROUPS = Parameter(
    type="integer",
    default=500,
    minimum="1",
    maximum="20000",
    help="The step is refused when the keys have more combinations.",
    help_zh="分组组合数超过此值时拒绝执行。",
)

SPEC = OperatorSpec(
    name="group_by",
    version=1,
    title="Cross-tabulated report",
    title_zh="报表交叉统计",
    summary="Groups aligned rows by columns of one or several owners and gives count, sum, mean, "
    "variance, minimum and maximum of number columns of any owner by group. Each owner codes its "
    "own group columns; membership is multiplied and values are added up on shares. Small groups "
    "are hidden on shares, before anything is opened: groups with fewer rows than the minimum, "
    "aggregates over fewer values, and in every line of the table (one category of one owner, and "
    "the table as a whole) the smallest further group when the hidden ones together are still "
    "fewer than the minimum.",
    summary_zh="按一个或多个提供方的列对对齐后的行分组，对任意提供方的数值列按组计算计数、总和、"
    "均值、"
    "方差、最小值和最大值。各方编码自己的分组列；在分片上相乘得到分组归属并求和。"
    "小分组在打开之前就在分片上隐藏：行数少于下限的分组、取值个数少于下限的统计值；"
    "若表中某一行列（某一方的某个类别，或整张表）被隐藏部分合计仍少于下限，则再隐藏其中最小的一个"
    "分组。",
    roles={
        "owner": "codes its group columns, shares them and its value columns",
        "compute": "multiplies and adds on shares and hides small groups",
        "receiver": "opens the report",
    },
    roles_zh={
        "owner": "编码自己的分组列，并将其与数值列以分片形式交出",
        "compute": "在分片上相乘、求和并隐藏小分组",
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
            help="Keys and aggregates of every group that is shown.",
            help_zh="每个可显示分组的键和统计值。",
        )
    },
    parameters={
        "by": Parameter(
            type="texts",
            help="Group columns, of any owner.",
            help_zh="分组列，可属于任意提供方。",
            columns_of=("table",),
        ),
        "columns": Parameter(
            type="texts",
            default=[],
            help="Number columns to aggregate; none gives the counts alone.",
            help_zh="要统计的数值列；不填则只计数。",
            columns_of=("table",),
        ),
        "aggregates": Parameter(
            type="texts",
            default=["sum", "mean", "variance"],
            help="Any of sum, mean, variance, minimum, maximum. Minimum and maximum compare all "
            "rows on shares and cost most.",
            help_zh="sum、mean、variance、minimum、maximum 中的若干项；"
            "minimum 和 maximum 需在分片上比较所有行，开销最大。",
        ),
        "minimum_group": MINIMUM_GROUP,
        "maximum_groups": MOST_GROUPS,
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Numbers up to ±1e300 in size. A column enters as whole numbers with as many bits as "
    "the row count leaves room for (46 for 30,000 rows), variances as squared distances to the "
    "middle of the column's range with as many, so that no sum leaves the 64-bit ring. Sums are "
    "exact up to that rounding, relative to the largest value of the column.",
    ranges_zh="数值绝对值不超过 1e300。各列以整数形式输入，位数由行数决定（3 万行时为 46 位）；"
    "方差以到取值范围中点的距离平方输入，位数相同，因此任何求和都不会超出 64 位环。"
    "除该舍入（相对于列中最大值）外求和精确。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count, the names and types of the columns that are used, how "
        "many categories with enough rows each owner's group columns have, the power of two that "
        "bounds each value column, whether its values are whole numbers and whether it has gaps.",
        "compute": "learns the same as an owner; no value and no category.",
        "receiver": "learns the same, the report, and the categories of every owner that have "
        "enough rows, also those whose groups are hidden. It cannot tell a hidden group from an "
        "empty one, unless it knows more than one owner's totals. Minimum and maximum are values "
        "of single rows. Two reports over nearly the same rows show what tells these apart: "
        "group size does not stop differencing.",
    },
    leaks_zh={
        "owner": "得知行数、所用各列的列名和类型、各方分组列中行数足够的类别个数、每个数值列的"
        "二次幂上界、是否均为整数以及是否有缺失。",
        "compute": "与提供方相同；不会得知任何数值和类别。",
        "receiver": "除上述内容外，得知报表以及各方行数足够的类别名称（包括其分组被隐藏的类别）。"
        "除非它掌握多方的合计，否则无法区分被隐藏的分组与空分组。最小值和最大值是个别行的真实取值。"
        "对几乎相同的行出具两份报表会暴露其差异：分组下限不能防止差分攻击。",
    },
)


def run(task: Task) -> None:
    """This party's part of the report."""
    from hanse.compute.operators.reports.grouping import report

    report(task)
