"""Set a table up for private retrieval, once for many look-ups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.compute.operators.common import LEVELS, SEMI_HONEST
from hanse.compute.operators.declaration import Memory, OperatorSpec, Port
from hanse.compute.operators.retrieval.texts import (
    COLLUSION,
    COLLUSION_ZH,
    MATCHES,
    PAYLOAD,
    READING,
    TABLE,
    TABLE_KEY,
)

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="retrieval_setup",
    version=1,
    title="Set-up for private retrieval",
    title_zh="匿踪查询准备",
    summary="Prepares a table so that an asker can look up keys without its holder learning which. "
    "Done once; `retrieve` then looks up in milliseconds. Rows without a key are left out.",
    summary_zh="对数据表做一次性准备，使查询方可以按标识查询而持有方不知道查了什么；"
    "之后用 retrieve 查询只需毫秒级时间。没有标识的行不参与。",
    roles={
        "owner": "holds the table; keeps it encrypted by key, with the secret to open it",
        "receiver": "the asker; keeps what it needs to ask",
    },
    roles_zh={
        "owner": "持有数据表；保存按标识加密的表及其密钥",
        "receiver": "查询方；保存查询所需数据",
    },
    owners=(1, 1),
    inputs={"table": TABLE},
    outputs={
        "service": Port(
            kind="model",
            held_by=("owner", "receiver"),
            help="The table set up: the encrypted table at its holder, the hint at the asker.",
            help_zh="准备好的查询服务：持有方保存加密表，查询方保存提示矩阵。",
            gathers=True,
        )
    },
    parameters={"table_key": TABLE_KEY, "payload": PAYLOAD, **READING, "matches": MATCHES},
    protocols=("simplepir",),
    levels=LEVELS,
    ranges="A row's payload takes at most 4096 bytes.",
    ranges_zh="每行返回内容不超过 4096 字节。",
    adversary_model=SEMI_HONEST,
    collusion=COLLUSION,
    collusion_zh=COLLUSION_ZH,
    leaks={
        "owner": "learns nothing.",
        "receiver": "learns roughly how many rows with a key the table has, the names and types of "
        "the payload columns, and the size of the longest row; of no row what is in it.",
    },
    leaks_zh={
        "owner": "不会得知任何信息。",
        "receiver": "得知表中带标识的大致行数、返回列的名称和类型、最长一行的字节数；"
        "不会得知任何一行的内容。",
    },
    memory=Memory(base_mib=400, bytes_per_row=900, bytes_per_cell=60),
)


def run(task: Task) -> None:
    """The holder sets up and sends; each keeps its part."""
    import msgspec

    from hanse.compute.operators.retrieval import sides

    holder = sides.holder_of(task)
    link = task.link("data", task.participants)
    held: dict[str, Any] = {}

    def prepare() -> dict[str, Any]:
        if task.me == holder:
            held["terms"], held["entries"] = sides.read_entries(task)
        return {}

    task.agree(link, prepare)
    if task.me == holder:
        part = sides.publish(task, link, held["terms"], held["entries"])
    else:
        part = sides.subscribe(task, link)
    task.phase("store")
    task.keep_bytes("service", msgspec.msgpack.encode(part), {})
    task.finish()
