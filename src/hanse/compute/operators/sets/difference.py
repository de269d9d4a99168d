"""Difference: a receiver's rows that no other owner has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import DUPLICATES, LEVELS, SEMI_HONEST
from hanse.compute.operators.declaration import OperatorSpec, Port
from hanse.compute.operators.sets import texts

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="difference",
    version=1,
    title="Difference of tables",
    title_zh="隐私求差",
    summary="Shows each receiver which of its own rows no other owner, of two to eight, has. Rows "
    "without a key are left out.",
    summary_zh="让各接收方得知自己的哪些行不为其他任何一方（共二至八方）持有。没有标识的行不参与。",
    roles={"owner": texts.OWNER_ROLE, "receiver": "an owner; keeps the rows only it has"},
    roles_zh={"owner": texts.OWNER_ROLE_ZH, "receiver": "提供方之一；保留只有自己持有的行"},
    owners=(2, texts.MOST_OWNERS),
    inputs=texts.INPUTS,
    outputs={
        "table": Port(
            kind="table",
            held_by=("receiver",),
            help="At each receiver: its own rows that nobody else has.",
            help_zh="各接收方：其他各方都没有的自己的行。",
        ),
    },
    parameters={**texts.PARAMETERS, "duplicates": DUPLICATES},
    protocols=texts.PROTOCOLS,
    levels=LEVELS,
    ranges=texts.RANGES,
    ranges_zh=texts.RANGES_ZH,
    adversary_model=SEMI_HONEST,
    collusion=texts.COLLUSION,
    collusion_zh=texts.COLLUSION_ZH,
    leaks={
        "owner": texts.OWNER_LEAK,
        "receiver": "learns which of its own keys at least one other owner also holds, with three "
        "and more owners not which owner.",
    },
    leaks_zh={
        "owner": texts.OWNER_LEAK_ZH,
        "receiver": "得知自己的标识中哪些至少有另一方持有；三方及以上时不知道是哪一方。",
    },
    memory=texts.MEMORY,
)


def run(task: Task) -> None:
    """This owner's part; receivers keep a table."""
    from hanse.compute.operators.sets import decisions, session

    session.require_owners(task)
    link = task.link("data", task.participants)
    told = session.compare(task, link, decisions.alone, task.parties("receiver"))
    if task.is_in("receiver"):
        task.phase("store")
        table = session.own_rows(task, told.rows[told.numbers == decisions.IN])
        task.keep_table("table", table, {"key_columns": session.key_columns(task)})
    task.finish()
