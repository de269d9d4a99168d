"""Split aligned tables into training and test rows, the same way at every owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.errors import TooFewRows
from hanse.compute.operators.common import (
    LEVELS,
    LOCAL,
    LOCAL_COLLUSION,
    LOCAL_COLLUSION_ZH,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="split",
    version=1,
    title="Training and test split",
    title_zh="训练与测试划分",
    summary="Each owner divides its aligned table by the same pseudo-random permutation of the "
    "row numbers. Nothing is sent.",
    summary_zh="各数据提供方按相同的伪随机排列把对齐后的表划分为训练集和测试集，不发送任何数据。",
    roles={"owner": "divides its own table"},
    roles_zh={"owner": "在本地划分自己的表"},
    owners=(1, 16),
    inputs={
        "table": Port(
            kind="table", held_by=("owner",), help="Aligned table.", help_zh="对齐后的表。"
        )
    },
    outputs={
        "train": Port(
            kind="table", held_by=("owner",), help="Rows to learn from.", help_zh="训练行。"
        ),
        "test": Port(
            kind="table", held_by=("owner",), help="Rows kept for evaluation.", help_zh="测试行。"
        ),
    },
    parameters={
        "test_fraction": Parameter(
            type="decimal",
            default="0.3",
            minimum="0.01",
            maximum="0.9",
            help="Share of the rows that goes to the test table.",
            help_zh="测试集所占比例。",
        ),
        "seed": Parameter(
            type="integer",
            default=1,
            minimum="0",
            maximum="4294967295",
            help="Seed of the permutation; the same seed and rows give the same split.",
            help_zh="排列的种子；种子与行相同则划分相同。",
        ),
    },
    protocols=LOCAL,
    levels=LEVELS,
    ranges="At least two rows; both parts get at least one.",
    ranges_zh="至少两行；两部分各至少一行。",
    adversary_model=SEMI_HONEST,
    collusion=LOCAL_COLLUSION,
    collusion_zh=LOCAL_COLLUSION_ZH,
    leaks={"owner": "learns nothing; nothing is sent."},
    leaks_zh={"owner": "不会得知任何信息，不发送任何数据。"},
)


def run(task: Task) -> None:
    """Divide this owner's table. Both parts keep the order of the aligned table."""
    from hanse.compute.operators.permutation import split_rows
    from hanse.compute.operators.rows import select_rows

    table, columns = task.table("table"), task.readable("table")
    if table.rows < 2:
        raise TooFewRows("a split needs at least two rows")
    task.phase("split")
    train, test = split_rows(table.rows, task.decimal("test_fraction"), task.integer("seed"))
    for port, rows in (("train", train), ("test", test)):
        task.keep_table(port, select_rows(table, columns, rows), task.meta("table"))
    task.measures.update(rows_train=len(train), rows_test=len(test))
