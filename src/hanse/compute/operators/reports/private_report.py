"""Private report: counts, sums and means with noise made jointly (differential privacy)."""

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

_NOISE = (
    " The report is private against everybody who does not know every computing node's noise: one "
    "node that keeps its own secret is enough."
)
_NOISE_ZH = "只要有一个算力节点不泄露自己的噪声，报表对任何不掌握全部噪声的人都满足差分隐私。"

SPEC = OperatorSpec(
    name="private_report",
    version=1,
    title="Differentially private report",
    title_zh="差分隐私报表",
    summary="Count of rows, and sums and means of number columns of any owner, by groups over "
    "columns of any owner, with noise: whoever reads the report can hardly tell whether one row "
    "was replaced by another (pure epsilon-differential privacy on rows). Bounds and categories "
    "are parameters, never taken from the data. Each computing node draws discrete Laplace noise "
    "of full scale with OpenDP and shares it; it is added on shares, before anything is opened. "
    "Epsilon is split evenly over the row counts (when there are groups) and each column's sums. "
    "Every attempt is charged to the privacy budgets of the datasets, retries too.",
    summary_zh="按任意提供方的列分组，给出行数以及任意提供方数值列的总和与均值，并加入噪声："
    "报表的读者几乎无法判断某一行是否被替换（按行的纯 ε 差分隐私）。取值范围和类别均为参数，"
    "不从数据中得出。每个算力节点用 OpenDP 抽取足量的离散拉普拉斯噪声并以分片形式交出，"
    "在打开之前于分片上相加。ε 在行数（有分组时）与各列总和之间平均分配。"
    "每次尝试（包括重试）都计入各数据集的隐私预算。",
    roles={
        "owner": "clips its values, codes its group columns and shares both",
        "compute": "draws noise, shares it, and adds everything on shares",
        "receiver": "opens the noisy report",
    },
    roles_zh={
        "owner": "截断自己的数值、编码自己的分组列，并以分片形式交出",
        "compute": "抽取噪声并以分片形式交出，在分片上求和",
        "receiver": "打开加噪后的报表",
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
            help="For every group: count, sums and means, each with its standard error.",
            help_zh="每个分组的行数、总和与均值，均附标准误差。",
        )
    },
    parameters={
        "epsilon": Parameter(
            type="decimal",
            minimum="0.001",
            maximum="100",
            help="Privacy the whole report spends; smaller is more private and noisier.",
            help_zh="整张报表消耗的隐私量 ε；越小越隐私，噪声越大。",
        ),
        "columns": Parameter(
            type="texts",
            default=[],
            help="Number columns with the bounds their values are clipped to, as "
            "`income:0:100000`; missing values count as the middle of the bounds.",
            help_zh="数值列及其截断范围，例如 `income:0:100000`；缺失值按范围中点计。",
        ),
        "by": Parameter(
            type="texts",
            default=[],
            help="Group columns with their categories, as `city:北京,上海`; every other value, and "
            "a missing one, is in the category `other`. Name a column again to give it more.",
            help_zh="分组列及其类别，例如 `city:北京,上海`；其他取值和缺失值归入 `other`。"
            "同一列可重复给出以追加类别。",
        ),
        "maximum_groups": Parameter(
            type="integer",
            default=500,
            minimum="1",
            maximum="20000",
            help="The step is refused when the categories have more combinations.",
            help_zh="类别组合数超过此值时拒绝执行。",
        ),
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Bounds within ±1e300. Values are clipped to them and rounded to 2^21 steps between "
    "them; sums and noise are exact whole numbers in the 64-bit ring.",
    ranges_zh="范围在 ±1e300 以内。数值被截断到该范围并取整为其间的 2^21 级；"
    "求和与噪声均为 64 位环上的精确整数。",
    adversary_model=SEMI_HONEST,
    collusion={name: text + _NOISE for name, text in MPC_COLLUSION.items()},
    collusion_zh={name: text + _NOISE_ZH for name, text in MPC_COLLUSION_ZH.items()},
    leaks={
        "owner": "learns the row count and which owner has which of the columns that are named. "
        "The row count is not protected by the noise.",
        "compute": "learns the same as an owner, and its own noise; no value and no sum.",
        "receiver": "learns the same, and the noisy report. The report of one attempt is private "
        "for its epsilon; reports and attempts add up. A receiver that is a computing node can "
        "take its own noise off; that of the others remains.",
    },
    leaks_zh={
        "owner": "得知行数，以及所列各列由哪一方持有。行数不受噪声保护。",
        "compute": "与提供方相同，另知自己的噪声；不会得知任何数值或总和。",
        "receiver": "除上述内容外，得知加噪后的报表。一次尝试的报表按其 ε 保护隐私，"
        "多次报表与尝试的 ε 相加。若接收方同时是算力节点，它可减去自己的噪声，其他节点的噪声仍在。",
    },
)


def run(task: Task) -> None:
    """This party's part of the report."""
    from hanse.compute.operators.reports.private_session import report

    report(task)
