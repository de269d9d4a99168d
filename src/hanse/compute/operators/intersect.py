"""Intersection for one receiver: only it learns which of its rows are common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.errors import BadRoles
from hanse.compute.operators.common import (
    DUPLICATES,
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
    name="intersect",
    version=1,
    title="Intersection for one receiver",
    title_zh="单方隐私求交",
    summary="Finds the keys two owners have in common and shows them to one of the owners only, "
    "as its own rows. Rows without a key are left out.",
    summary_zh="找出两个数据提供方共有的标识，只让其中一方看到（即自己的共有行）。"
    "没有标识的行不参与。",
    roles={
        "owner": "brings a table and its key",
        "receiver": "one of the two owners; keeps its own columns of the common rows",
    },
    roles_zh={"owner": "提供数据表及标识列", "receiver": "两个提供方之一；保留共有行中自己的列"},
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
            held_by=("receiver",),
            help="The receiver's own columns of the common rows.",
            help_zh="接收方自己的列在共有行中的部分。",
        ),
    },
    parameters={**MATCHING_PARAMETERS, "duplicates": DUPLICATES},
    protocols=PSI_PROTOCOLS,
    levels=LEVELS,
    ranges="Keys of any length; text is normalised (NFKC, trimmed) before matching.",
    ranges_zh="标识长度不限；文本在匹配前先规范化（NFKC、去除首尾空白）。",
    adversary_model=SEMI_HONEST,
    collusion=PSI_COLLUSION,
    collusion_zh=PSI_COLLUSION_ZH,
    leaks={
        "owner": "learns how many rows with a key the other's table has. Unless it is the "
        "receiver it learns nothing about which keys are common, not even how many.",
        "receiver": "learns which of its own keys the other owner also holds; under "
        "ecdh_unbalanced also whether the other's table is that of an earlier session with it.",
    },
    leaks_zh={
        "owner": "得知对方表中带标识的行数；若不是接收方，则不会得知哪些标识共有，"
        "也不知道共有多少。",
        "receiver": "得知自己的标识中哪些对方也持有；采用 ecdh_unbalanced 时，"
        "还可得知对方的表是否与此前会话中的相同。",
    },
    memory=MATCHING_MEMORY,
)


def run(task: Task) -> None:
    """This owner's part; only the receiver keeps a table."""
    from hanse.compute.operators.matching import common_rows, keep_rows

    receivers = [alias for alias in task.parties("receiver") if alias in task.parties("owner")]
    if len(receivers) != 1 or len(task.parties("receiver")) != 1:
        raise BadRoles("intersect has one receiver, and it is one of the two owners")
    rows = common_rows(task, receiver=receivers[0], broadcast=False)
    if task.me == receivers[0]:
        keep_rows(task, rows, "table")
    task.finish()
