"""How much each owner's columns contribute to a joint model: Shapley values over the owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    ANY_LABEL,
    LEVELS,
    MINIMUM_ROWS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import Memory, OperatorSpec, Port
from hanse.compute.operators.models import common

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="contribution",
    version=1,
    title="Contribution of each owner",
    title_zh="各方贡献度",
    summary="Shapley values of the owners in a joint model. For every coalition of owners the "
    "rows are scored on shares with the others' columns at their training mean, and the quality "
    "of the scores is computed on shares too: AUC of two classes, R² of a number. Nobody's "
    "columns count 0.5 in AUC and 0 in R². Scores are not opened; the values of the coalitions "
    "are.",
    summary_zh="计算各方在联合模型中的 Shapley 值。"
    "对每个提供方组合，其他方的列取训练均值，在分片上打分，"
    "并在分片上计算质量：二分类为 AUC，数值为 R²。空组合的 AUC 为 0.5，R² 为 "
    "0。不打开分数，只打开各组合的质量。",
    roles={
        "owner": "prepares its columns and shares them; one owner holds the label",
        "compute": "scores and measures every coalition on shares",
        "receiver": "gets the quality of every coalition and the Shapley values",
    },
    roles_zh={
        "owner": "处理自己的列并以分片形式交出，其中一方持有标签",
        "compute": "在分片上为每个组合打分并计算质量",
        "receiver": "得到各组合的质量和 Shapley 值",
    },
    owners=(2, 4),
    inputs={
        "model": common.TRAINED,
        "table": Port(
            kind="table",
            held_by=("owner",),
            help="Aligned test table.",
            help_zh="对齐后的测试表。",
        ),
    },
    outputs={
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="Quality of every coalition, Shapley value of every owner.",
            help_zh="各组合的质量和各方的 Shapley 值。",
        )
    },
    parameters={"label": ANY_LABEL, "minimum_rows": MINIMUM_ROWS},
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="AUC is taken at 96 places of the standardised score and good to about 0.002, from a "
    "rate of positives of one in a hundred on; number labels within 1,000 deviations.",
    ranges_zh="AUC 按标准化分数的 96 个切点计算，正样本率不低于百分之一时精度约 "
    "0.002；数值标签在 1,000 倍标准差以内。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count of the table and who holds the label.",
        "compute": "learns the row count of the table and who holds the label; no value, no score, "
        "no quality.",
        "receiver": "learns the quality of the scores of every coalition of owners, and so of each "
        "owner alone; no score.",
    },
    leaks_zh={
        "owner": "得知表的行数以及标签由谁持有。",
        "compute": "得知表的行数以及标签由谁持有；不会得知任何数值、分数或质量。",
        "receiver": "得知每个提供方组合（包括单独一方）的打分质量；不会得知任何分数。",
    },
    memory=Memory(base_mib=800, bytes_per_row=4000),
)


def run(task: Task) -> None:
    """This party's part of the measurement."""
    from hanse.compute.operators.models.coalitions import measure

    measure(task)
