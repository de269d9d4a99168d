"""Private alignment: both owners end up with their common rows, in the same order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.errors import NoCommonRows
from hanse.compute.operators.common import (
    LEVELS,
    MATCHING_MEMORY,
    MATCHING_PARAMETERS,
    PSI_COLLUSION,
    PSI_COLLUSION_ZH,
    PSI_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Port

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="align",
    version=1,
    title="Private alignment",
    title_zh="隐私对齐",
    summary="Finds the rows two owners have in common by private set intersection on their keys. "
    "Each owner keeps its own columns of the common rows, in the same order as the other. Rows "
    "without a key are left out.",
    summary_zh="用隐私求交找出两个数据提供方共有的行。各方只保留自己的列，行的顺序与对方一致。"
    "没有标识的行不参与。",
    roles={"owner": "brings a table and its key; keeps its own columns of the common rows"},
    roles_zh={"owner": "提供数据表及标识列；保留共有行中自己的列"},
    owners=(2, 2),
    inputs={
        "left": Port(
            kind="table",
            held_by=("owner",),
            help="Table of the first owner.",
            help_zh="第一方的数据表。",
        ),
        "right": Port(
            kind="table",
            held_by=("owner",),
            help="Table of the second owner.",
            help_zh="第二方的数据表。",
        ),
    },
    outputs={
        "table": Port(
            kind="table",
            held_by=("owner",),
            help="At each owner: its own columns of the common rows.",
            help_zh="各方：共有行中自己的列。",
        ),
    },
    parameters=MATCHING_PARAMETERS,
    protocols=PSI_PROTOCOLS,
    levels=LEVELS,
    ranges="Keys of any length; text is normalised (NFKC, trimmed) before matching.",
    ranges_zh="标识长度不限；文本在匹配前先规范化（NFKC、去除首尾空白）。",
    adversary_model=SEMI_HONEST,
    collusion=PSI_COLLUSION,
    collusion_zh=PSI_COLLUSION_ZH,
    leaks={
        "owner": "learns which of its own keys the other owner also holds, and how many rows "
        "with a key the other's table has. It learns no key it does not hold, and no other column. "
        "The owner of the left table also learns, under ecdh_unbalanced, whether the right table "
        "is that of an earlier session with it.",
    },
    leaks_zh={
        "owner": "得知自己的标识中哪些对方也持有，以及对方表中带标识的行数；"
        "不会得知自己未持有的标识，也不会得知其他列。采用 ecdh_unbalanced 时，左表的提供方"
        "还可得知右表是否与此前会话中的相同。",
    },
    memory=MATCHING_MEMORY,
)


def run(task: Task) -> None:
    """This owner's part of the alignment."""
    from hanse.compute.operators.matching import common_rows, keep_rows, left_owner

    rows = common_rows(task, receiver=left_owner(task), broadcast=True)
    if len(rows) == 0:
        task.finish()
        owners = " and ".join(task.parties("owner"))
        raise NoCommonRows(f"the tables of {owners} have no key in common")
    keep_rows(task, rows, "table")
    task.finish()
