"""Intersection of two and more owners' tables, shown to the receivers only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import LEVELS, SEMI_HONEST
from hanse.compute.operators.declaration import OperatorSpec
from hanse.compute.operators.sets import texts

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="intersection",
    version=1,
    title="Intersection of several tables",
    title_zh="多方隐私求交",
    summary="Finds the keys that all owners, two to eight, have in common. Each receiver keeps "
    "its own columns of the common rows, in the same order as the other receivers, and a receipt "
    "of counts. Which keys two of the tables share but not all is shown to nobody. Rows without a "
    "key are left out. For two large tables `align` and `intersect` are quicker.",
    summary_zh="找出全部数据提供方（二至八方）共有的标识。各接收方保留共有行中自己的列（行序一致）"
    "以及计数回执。仅部分表共有的标识不会让任何一方看到。没有标识的行不参与。"
    "两张大表求交用 align 或 intersect 更快。",
    roles={"owner": texts.OWNER_ROLE, "receiver": "an owner; keeps its own common rows"},
    roles_zh={"owner": texts.OWNER_ROLE_ZH, "receiver": "提供方之一；保留自己的共有行"},
    owners=(2, texts.MOST_OWNERS),
    inputs=texts.INPUTS,
    outputs=texts.ROWS_AND_RECEIPT,
    parameters={**texts.PARAMETERS, **texts.RECEIPT_PARAMETERS},
    protocols=texts.PROTOCOLS,
    levels=LEVELS,
    ranges=texts.RANGES,
    ranges_zh=texts.RANGES_ZH,
    adversary_model=SEMI_HONEST,
    collusion=texts.COLLUSION,
    collusion_zh=texts.COLLUSION_ZH,
    leaks={
        "owner": texts.OWNER_LEAK,
        "receiver": "learns which of its own keys all other owners also hold.",
    },
    leaks_zh={
        "owner": texts.OWNER_LEAK_ZH,
        "receiver": "得知自己的标识中哪些为其他各方全部持有。",
    },
    memory=texts.MEMORY,
)


def run(task: Task) -> None:
    """This owner's part; receivers keep a table and a receipt."""
    from hanse.compute.operators.sets import decisions, receipts, session

    session.require_owners(task)
    link = task.link("data", task.participants)
    told = session.compare(task, link, decisions.common, task.parties("receiver"))
    if task.is_in("receiver"):
        task.phase("store")
        rows = told.rows[told.numbers == decisions.IN]
        receipts.keep(task, rows, len(told.rows), session.key_columns(task))
    task.finish()
