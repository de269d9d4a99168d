"""Variance inflation factors of number columns of all owners."""

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
from hanse.compute.operators.declaration import OperatorSpec, Port
from hanse.compute.operators.features.texts import (
    COLUMNS,
    CORRELATION_LEAKS,
    CORRELATION_LEAKS_ZH,
    CORRELATION_RANGES,
    CORRELATION_RANGES_ZH,
    CORRELATION_ROLES,
    CORRELATION_ROLES_ZH,
    EXCLUDE,
    TABLE,
)

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="vif",
    version=1,
    title="Variance inflation factors",
    title_zh="方差膨胀因子",
    summary="For every number column how well all others explain it: VIF = 1/(1 - R²). The "
    "correlation matrix is opened to the receivers as by correlation, who invert it: its inverse "
    "has no use in fixed point when columns are nearly collinear. Gaps count as the mean.",
    summary_zh="对每个数值列计算其被其余列解释的程度：VIF = 1/(1 - R²)。"
    "相关系数矩阵如 correlation 算子一样向接收方打开，由其求逆（列近似共线时定点数求逆没有意义）。"
    "缺失按该列均值计。",
    roles=CORRELATION_ROLES,
    roles_zh=CORRELATION_ROLES_ZH,
    owners=(1, 16),
    inputs={"table": TABLE},
    outputs={
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="VIF by column; null where the other columns determine it.",
            help_zh="各列的 VIF；被其余列完全决定的列为 null。",
        )
    },
    parameters={"columns": COLUMNS, "exclude": EXCLUDE, "minimum_rows": MINIMUM_ROWS},
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges=CORRELATION_RANGES,
    ranges_zh=CORRELATION_RANGES_ZH,
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks=CORRELATION_LEAKS,
    leaks_zh=CORRELATION_LEAKS_ZH,
)


def run(task: Task) -> None:
    """This party's part of the factors."""
    import msgspec

    from hanse.compute.operators.features.collinearity import variance_inflation
    from hanse.compute.operators.features.correlations import open_correlations

    found = open_correlations(task)
    if found is not None:
        factors = variance_inflation(found.matrix)
        lines = [
            {"owner": owner, "column": name, "vif": factor}
            for (owner, name), factor in zip(found.columns, factors, strict=True)
        ]
        constant = [{"owner": owner, "column": name} for owner, name in found.constant]
        report = {"rows": found.rows, "columns": lines, "constant": constant}
        task.keep_bytes("report", msgspec.json.encode(report), {})
    task.finish()
