"""Keep a random part of aligned rows, the same at every owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    name="sample",
    version=1,
    title="Sampling of rows",
    title_zh="抽样",
    summary="Keeps a random part of the rows, the same at every owner and in their order. Without "
    "a column to stratify by, every owner draws the same rows by itself. With one, its holder "
    "draws the same share of each of its values and tells the others the row numbers.",
    summary_zh="随机保留一部分行，各方相同且保持原有顺序。不分层时各方自行按相同种子抽取；"
    "分层时由该列持有方按每个取值抽取相同比例，并把行号告知其他方。",
    roles={"owner": "keeps the drawn rows of its own table"},
    roles_zh={"owner": "保留自己表中被抽中的行"},
    owners=(1, 16),
    inputs={"table": TABLE},
    outputs={
        "table": Port(
            kind="table", held_by=("owner",), help="The drawn rows.", help_zh="抽中的行。"
        )
    },
    parameters={
        "fraction": Parameter(
            type="decimal",
            default="0.1",
            minimum="0.0001",
            maximum="1",
            help="Share of the rows that is kept.",
            help_zh="保留的行所占比例。",
        ),
        "stratify": Parameter(
            type="text",
            default="",
            help="Column of one owner whose values keep their shares; empty for none.",
            help_zh="分层所用的列（由一方持有）；不填表示不分层。",
            columns_of=("table",),
        ),
        "seed": SEED,
    },
    protocols=LOCAL,
    levels=LEVELS,
    ranges="At least one row.",
    ranges_zh="至少一行。",
    adversary_model=SEMI_HONEST,
    collusion=STRATA_COLLUSION,
    collusion_zh=STRATA_COLLUSION_ZH,
    leaks=STRATA_LEAKS,
    leaks_zh=STRATA_LEAKS_ZH,
)


def run(task: Task) -> None:
    """Keep the drawn rows of this owner's table."""
    import numpy as np

    from hanse.compute.operators.agreement import require_a_row
    from hanse.compute.operators.features.strata import agree_on_rows
    from hanse.compute.operators.permutation import permutation
    from hanse.compute.operators.rows import select_rows

    stratify, share = task.text("stratify"), task.decimal("fraction")
    if stratify:
        rows = agree_on_rows(task, stratify, share)
    else:
        there = require_a_row(task)
        order = permutation(there, b"sample" + task.integer("seed").to_bytes(8, "big"))
        rows = np.sort(order[: max(1, round(share * there))])
    task.phase("store")
    kept = select_rows(task.table("table"), task.readable("table"), rows)
    task.keep_table("table", kept, task.meta("table"))
    task.measures["rows"] = len(rows)
    task.finish()
