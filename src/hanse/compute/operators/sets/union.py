"""Union: the rows of all owners side by side, without showing which of them are common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import LEVELS, SEMI_HONEST
from hanse.compute.operators.declaration import Memory, OperatorSpec, Port
from hanse.compute.operators.sets import texts

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="union",
    version=1,
    title="Union of tables",
    title_zh="隐私求并",
    summary="Lays the tables of two to eight owners side by side: one row for each key that any "
    "of them has, in one random order. Each receiver keeps its own columns, with missing values in "
    "the rows it lacks; so it does not learn which of its rows others have (Private-ID). Rows "
    "without a key are left out.",
    summary_zh="将二至八个提供方的数据表并排对齐：任何一方持有的每个标识占一行，行序随机且一致。"
    "各接收方保留自己的列，自己没有的行为缺失值，因此不会得知自己的哪些行为他方持有（Private-ID）。"
    "没有标识的行不参与。",
    roles={"owner": texts.OWNER_ROLE, "receiver": "an owner; keeps its columns of the union"},
    roles_zh={"owner": texts.OWNER_ROLE_ZH, "receiver": "提供方之一；保留并集中自己的列"},
    owners=(2, texts.MOST_OWNERS),
    inputs=texts.INPUTS,
    outputs={
        "table": Port(
            kind="table",
            held_by=("receiver",),
            help="At each receiver: its own columns of the union; missing where it has no row.",
            help_zh="各接收方：并集中自己的列；自己没有的行为缺失值。",
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
        "owner": texts.OWNER_LEAK.replace("With three and more owners one", "One"),
        "receiver": "learns how many different keys the tables have together, and so of two "
        "tables how many are common; of no row whether others have it.",
    },
    leaks_zh={
        "owner": texts.OWNER_LEAK_ZH.replace("三方及以上时由", "由"),
        "receiver": "得知各表合计有多少个不同标识（两方时即可得知共有数量），"
        "不会得知任何一行是否为他方持有。",
    },
    memory=Memory(base_mib=400, bytes_per_row=1400, bytes_per_cell=320),
)


def run(task: Task) -> None:
    """This owner's part; receivers keep a table as long as the union."""
    from hanse.compute.operators.sets import decisions, session

    session.require_owners(task)
    link = task.link("data", task.participants)
    told = session.compare(task, link, decisions.together, task.parties("receiver"))
    if task.is_in("receiver"):
        task.phase("store")
        table = session.spread_rows(task, told)
        task.keep_table("table", table, {"key_columns": session.key_columns(task)})
    task.finish()
