"""Split aligned tables into training and test rows with the same shares of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.errors import TooFewRows
from hanse.compute.operators.common import LEVELS, LOCAL, SEMI_HONEST
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port
from hanse.compute.operators.features.texts import (
    SEED,
    STRATA_COLLUSION,
    STRATA_COLLUSION_ZH,
    STRATA_LEAKS,
    STRATA_LEAKS_ZH,
    TABLE,
)

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="stratified_split",
    version=1,
    title="Training and test split by class",
    title_zh="分层划分训练与测试集",
    summary="Divides the aligned tables so that each value of a column, such as the label, has "
    "the same share in both parts. The holder of the column draws the test rows and tells the "
    "other owners their row numbers.",
    summary_zh="划分对齐后的表，使某列（如标签）的每个取值在两部分中占比相同。"
    "由该列持有方抽取测试行并把行号告知其他方。",
    roles={"owner": "divides its own table; one owner holds the column and draws"},
    roles_zh={"owner": "划分自己的表；其中一方持有分层列并抽取"},
    owners=(1, 16),
    inputs={"table": TABLE},
    outputs={
        "train": Port(
            kind="table", held_by=("owner",), help="Rows to learn from.", help_zh="训练行。"
        ),
        "test": Port(
            kind="table", held_by=("owner",), help="Rows kept for evaluation.", help_zh="测试行。"
        ),
    },
    parameters={
        "stratify": Parameter(
            type="text",
            help="Column of one owner whose values keep their shares.",
            help_zh="分层所用的列（由一方持有）。",
            columns_of=("table",),
        ),
        "test_fraction": Parameter(
            type="decimal",
            default="0.3",
            minimum="0.01",
            maximum="0.9",
            help="Share of the rows that goes to the test table.",
            help_zh="测试集所占比例。",
        ),
        "seed": SEED,
    },
    protocols=LOCAL,
    levels=LEVELS,
    ranges="At least two rows; every value has at least one test row.",
    ranges_zh="至少两行；每个取值至少有一行进入测试集。",
    adversary_model=SEMI_HONEST,
    collusion=STRATA_COLLUSION,
    collusion_zh=STRATA_COLLUSION_ZH,
    leaks=STRATA_LEAKS,
    leaks_zh=STRATA_LEAKS_ZH,
)


def run(task: Task) -> None:
    """Divide this owner's table. Both parts keep the order of the aligned table."""
    import numpy as np

    from hanse.compute.operators.features.strata import agree_on_rows
    from hanse.compute.operators.rows import select_rows

    name = task.text("stratify")
    test = agree_on_rows(task, name, task.decimal("test_fraction"))
    table, columns = task.table("table"), task.readable("table")
    train = np.setdiff1d(np.arange(table.rows), test)
    if len(train) == 0:
        raise TooFewRows(f"no row is left to learn from: every value of {name!r} stands once")
    task.phase("store")
    for port, rows in (("train", train), ("test", test)):
        task.keep_table(port, select_rows(table, columns, rows), task.meta("table"))
    task.measures.update(rows_train=len(train), rows_test=len(test))
    task.finish()
