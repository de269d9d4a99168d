"""Intersection of two and more owners' tables, shown to the receivers only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import LEVELS, SEMI_HONEST
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port
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
    outputs={
        "table": Port(
            kind="table",
            held_by=("receiver",),
            help="At each receiver: its own columns of the common rows.",
            help_zh="各接收方：共有行中自己的列。",
        ),
        "receipt": Port(
            kind="report",
            held_by=("receiver",),
            help="Rows with a key, common rows, and how they spread over the receiver's own "
            "columns named by count_by.",
            help_zh="带标识的行数、共有行数，以及按接收方自己的列（count_by）统计的分布。",
            open_to_auditors=True,
        ),
    },
    parameters={
        **texts.PARAMETERS,
        "count_by": Parameter(
            type="texts",
            default=[],
            help="Columns whose values are counted in the receipt, at the receiver that has them.",
            help_zh="回执中按其取值计数的列（由持有该列的接收方统计）。",
            columns_of=texts.PORTS,
        ),
        "minimum_group": Parameter(
            type="integer",
            default=10,
            minimum="5",
            maximum="1000000",
            help="Values with fewer common rows are put together in the receipt, and left out "
            "when together they are still fewer.",
            help_zh="回执中共有行数少于此值的取值合并计数；合并后仍不足则不列出。",
        ),
    },
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
    import msgspec

    from hanse.compute.operators.sets import decisions, receipts, session

    session.require_owners(task)
    link = task.link("data", task.participants)
    told = session.compare(task, link, decisions.common, task.parties("receiver"))
    if task.is_in("receiver"):
        task.phase("store")
        table = session.own_rows(task, told.rows[told.numbers == decisions.IN])
        task.measures["rows_common"] = table.rows
        task.keep_table("table", table, {"key_columns": session.key_columns(task)})
        columns = [c.name for c in table.columns if c.name in task.texts("count_by")]
        receipt = receipts.receipt_of(len(told.rows), table, columns, task.integer("minimum_group"))
        task.keep_bytes("receipt", msgspec.json.encode(receipt), {})
    task.finish()
