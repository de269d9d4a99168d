"""Rows of several tables that belong together by different keys of each pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import LEVELS, SEMI_HONEST
from hanse.compute.operators.declaration import OperatorSpec
from hanse.compute.operators.sets import texts

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="linked_intersection",
    version=1,
    title="Intersection over different keys",
    title_zh="多标识链式求交",
    summary="Finds the rows of two to eight tables that belong together although no key is in all "
    "of them: A and B by phone, B and C by resident id. Keys of one name are compared, wherever "
    "they stand. Each receiver keeps its own columns of the rows that belong together in all "
    "tables, in one order, and a receipt of counts. Rows that only some tables share are shown to "
    "nobody. Rows that lack one of their keys are left out, and no key may repeat in a table.",
    summary_zh="在没有共同标识的二至八张表之间求交：例如甲乙按手机号、乙丙按证件号。名称相同的标识"
    "相互比对。各接收方保留在所有表中都能连上的行中自己的列（行序一致）以及计数回执。"
    "仅部分表连上的行不会让任何一方看到。缺少任一标识的行不参与；标识在表内不得重复。",
    roles={"owner": texts.OWNER_ROLE, "receiver": "an owner; keeps its own common rows"},
    roles_zh={"owner": texts.OWNER_ROLE_ZH, "receiver": "提供方之一；保留自己的共有行"},
    owners=(2, texts.MOST_OWNERS),
    inputs=texts.INPUTS,
    outputs=texts.ROWS_AND_RECEIPT,
    parameters={**texts.LINKED_PARAMETERS, **texts.RECEIPT_PARAMETERS},
    protocols=texts.PROTOCOLS,
    levels=LEVELS,
    ranges=texts.RANGES,
    ranges_zh=texts.RANGES_ZH,
    adversary_model=SEMI_HONEST,
    collusion=texts.COLLUSION,
    collusion_zh=texts.COLLUSION_ZH,
    leaks={
        "owner": texts.LINKED_LEAK,
        "receiver": "learns which of its own rows belong to rows of all other tables.",
    },
    leaks_zh={
        "owner": texts.LINKED_LEAK_ZH,
        "receiver": "得知自己的哪些行能与其他各表的行全部连上。",
    },
    memory=texts.MEMORY,
)


def run(task: Task) -> None:
    """This owner's part; receivers keep a table and a receipt."""
    import numpy as np

    from hanse.compute.operators.sets import linking, receipts, session

    session.require_owners(task)
    link = task.link("data", task.participants)
    told = linking.compare(task, link, task.parties("receiver"))
    if task.is_in("receiver"):
        task.phase("store")
        found = told.numbers >= 0
        rows = told.rows[found][np.argsort(told.numbers[found])]
        receipts.keep(task, rows, len(told.rows), linking.key_columns(task))
    task.finish()
