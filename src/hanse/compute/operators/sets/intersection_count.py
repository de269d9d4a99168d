"""How many keys all owners have in common, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import LEVELS, SEMI_HONEST
from hanse.compute.operators.declaration import OperatorSpec, Port
from hanse.compute.operators.sets import texts

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="intersection_count",
    version=1,
    title="Size of an intersection",
    title_zh="隐私交集计数",
    summary="Counts the keys that all owners, two to eight, have in common. Receivers, owners or "
    "not, get the number and nothing else. Rows without a key are left out.",
    summary_zh="统计全部数据提供方（二至八方）共有标识的数量。接收方（可以不是提供方）"
    "只得到这个数字。没有标识的行不参与。",
    roles={"owner": texts.OWNER_ROLE, "receiver": "gets the number"},
    roles_zh={"owner": texts.OWNER_ROLE_ZH, "receiver": "得到共有数量"},
    owners=(2, texts.MOST_OWNERS),
    inputs=texts.INPUTS,
    outputs={
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="The number of common keys.",
            help_zh="共有标识的数量。",
            open_to_auditors=True,
        ),
    },
    parameters=texts.PARAMETERS,
    protocols=texts.PROTOCOLS,
    levels=LEVELS,
    ranges=texts.RANGES,
    ranges_zh=texts.RANGES_ZH,
    adversary_model=SEMI_HONEST,
    collusion=texts.COLLUSION,
    collusion_zh=texts.COLLUSION_ZH,
    leaks={
        "owner": texts.OWNER_LEAK + " Of two owners the one that compares, a receiver if one of "
        "them is, learns how many keys are common.",
        "receiver": "learns how many keys are common to all tables.",
    },
    leaks_zh={
        "owner": texts.OWNER_LEAK_ZH + "两方时，比对方（优先为接收方）得知共有标识的数量。",
        "receiver": "得知所有表共有标识的数量。",
    },
    memory=texts.MEMORY,
)


def run(task: Task) -> None:
    """This party's part; receivers keep a report."""
    import msgspec

    from hanse.compute.operators.sets import decisions, session

    link = task.link("data", task.participants)
    found = session.total(task, link, decisions.common)
    if found is not None:
        task.phase("store")
        task.keep_bytes("report", msgspec.json.encode({"common": found}), {})
    task.finish()
