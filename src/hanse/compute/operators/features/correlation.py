"""Correlation matrix of number columns of all owners."""

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
    name="correlation",
    version=1,
    title="Correlation matrix",
    title_zh="相关系数矩阵",
    summary="Pearson correlations of all number columns, across owners on shares, opened to the "
    "receivers. Gaps count as the mean of their column. Dates, texts and truth values take no "
    "part; columns that do not vary are listed apart.",
    summary_zh="计算所有数值列的皮尔逊相关系数，跨方部分在分片上计算，只向接收方打开。"
    "缺失按该列均值计。日期、文本和布尔列不参与；无变化的列单独列出。",
    roles=CORRELATION_ROLES,
    roles_zh=CORRELATION_ROLES_ZH,
    owners=(1, 16),
    inputs={"table": TABLE},
    outputs={
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="Columns and the matrix.",
            help_zh="列与矩阵。",
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
    """This party's part of the matrix."""
    import msgspec

    from hanse.compute.operators.features.correlations import open_correlations

    found = open_correlations(task)
    if found is not None:
        report = {
            "rows": found.rows,
            "columns": [{"owner": owner, "column": name} for owner, name in found.columns],
            "matrix": found.matrix.tolist(),
            "constant": [{"owner": owner, "column": name} for owner, name in found.constant],
        }
        task.keep_bytes("report", msgspec.json.encode(report), {})
    task.finish()
