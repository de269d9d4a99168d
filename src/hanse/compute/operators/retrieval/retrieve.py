"""Private retrieval: the asker looks up its keys in another's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.compute.errors import BadInput
from hanse.compute.operators.common import LEVELS, SEMI_HONEST
from hanse.compute.operators.declaration import Memory, OperatorSpec, Parameter, Port
from hanse.compute.operators.retrieval.texts import (
    COLLUSION,
    COLLUSION_ZH,
    MATCHES,
    PAYLOAD,
    READING,
)

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.operators.retrieval.service import Entries, ServicePart, Terms
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="retrieve",
    version=1,
    title="Private retrieval",
    title_zh="匿踪查询",
    summary="Looks up the asker's keys in the holder's table and gives the asker the payload of "
    "those that are there. The holder learns nothing about the keys, not even whether they were "
    "found. Give either a table that was set up (`service`) or a plain one (`table`), which is "
    "then set up for this step alone.",
    summary_zh="在持有方的表中查询查询方的标识，命中的返回相应内容。持有方不会得知查了哪些标识，"
    "也不知道是否命中。可使用已准备好的服务（service），也可直接给出数据表（table），"
    "后者仅为本步骤临时准备。",
    roles={
        "owner": "the holder of the table, and the asker, who holds the keys",
        "receiver": "the asker; gets the payload of its hits",
    },
    roles_zh={
        "owner": "数据表的持有方，以及持有待查标识的查询方",
        "receiver": "查询方；得到命中的内容",
    },
    owners=(2, 2),
    inputs={
        "keys": Port(
            kind="table",
            held_by=("owner",),
            help="The keys to look up, at the asker.",
            help_zh="待查询的标识（查询方）。",
        ),
        "service": Port(
            kind="model",
            held_by=("owner", "receiver"),
            help="A table set up by retrieval_setup.",
            help_zh="由 retrieval_setup 准备好的查询服务。",
            optional=True,
        ),
        "table": Port(
            kind="table",
            held_by=("owner",),
            help="A table that is set up for this step, at its holder.",
            help_zh="仅为本步骤准备的数据表（持有方）。",
            optional=True,
        ),
    },
    outputs={
        "table": Port(
            kind="table",
            held_by=("receiver",),
            help="One row for each hit: the key as the asker wrote it, and the payload.",
            help_zh="每个命中一行：查询方原有的标识列，以及返回内容。",
            gathers=True,
        )
    },
    parameters={
        "key": Parameter(
            type="texts",
            help="Key column or columns of the asker's table, in order.",
            help_zh="查询方的标识列（可多列，按顺序）。",
            columns_of=("keys",),
        ),
        "table_key": Parameter(
            type="texts",
            default=[],
            help="Key column or columns of the table; only with a table.",
            help_zh="数据表的标识列；仅在直接给出数据表时使用。",
            columns_of=("table",),
        ),
        "payload": PAYLOAD,
        **READING,
        "matches": MATCHES,
    },
    protocols=("simplepir",),
    levels=LEVELS,
    ranges="A row's payload takes at most 4096 bytes. With a service, its own key type, letter "
    "case, payload and matches hold.",
    ranges_zh="每行返回内容不超过 4096 字节。使用已准备的服务时，以其自身的标识类型、大小写、"
    "返回列和最多行数为准。",
    adversary_model=SEMI_HONEST,
    collusion=COLLUSION,
    collusion_zh=COLLUSION_ZH,
    leaks={
        "owner": "the holder learns how many keys are asked (rows without a key are not), and "
        "nothing about them: not which, not whether they were found.",
        "receiver": "learns the payload of its hits and which of its keys the table lacks; with a "
        "table, also roughly how many rows it has, the names and types of the payload columns, and "
        "the size of the longest row.",
    },
    leaks_zh={
        "owner": "持有方得知查询了多少个标识（无标识的行不计），不会得知查了什么，"
        "也不知道是否命中。",
        "receiver": "得知命中的内容以及自己的哪些标识不在表中；直接给出数据表时，还得知其大致行数、"
        "返回列的名称和类型、最长一行的字节数。",
    },
    memory=Memory(base_mib=400, bytes_per_row=900, bytes_per_cell=60),
)


class _Own:
    """This party's own part, once checked."""

    def __init__(self) -> None:
        self.part: ServicePart | None = None
        self.terms: Terms | None = None
        self.entries: Entries | None = None
        self.keys: list[bytes] = []
        self.rows: list[int] = []


def run(task: Task) -> None:
    """Set up when there is no service, look up, and keep the hits at the asker."""
    from hanse.compute.operators.retrieval import sides

    asker, own = sides.asker_of(task), _Own()
    link = task.link("data", task.participants)
    check = _check_asker if task.me == asker else _check_holder
    facts = task.agree(link, lambda: check(task, own))
    told, asked = facts[sides.holder_of(task)], facts[asker]
    _check_facts(task, told, asked)
    if task.me == asker:
        _ask(task, link, own, told)
    else:
        _serve(task, link, own, asked["keys"])
    task.finish()


def _check_holder(task: Task, own: _Own) -> dict[str, Any]:
    from hanse.compute.operators.retrieval import sides

    if task.has("service"):
        own.part = sides.given_part(task)
        if not own.part.data:
            raise BadInput("this party's part of the service is not the table's")
        own.terms = own.part.terms
    elif task.has("table"):
        own.terms, own.entries = sides.read_entries(task)
    else:
        raise BadInput("retrieve takes a service or a table")
    return sides.facts_of(own.terms)


def _check_asker(task: Task, own: _Own) -> dict[str, Any]:
    from hanse.compute.operators.retrieval import service, sides

    reading = {"key_type": task.text("key_type"), "case": task.text("case"), "id": ""}
    if task.has("service"):
        own.part = sides.given_part(task)
        if not own.part.hint:
            raise BadInput("this party's part of the service is not the asker's")
        terms = own.part.terms
        reading = {"key_type": terms.key_type, "case": terms.case, "id": terms.id}
    columns = task.texts("key")
    granted = {column.name for column in task.readable("keys")}
    terms = service.Terms(key_columns=len(columns), matches=1, columns=[], **reading)
    own.keys, own.rows = service.keys_of(task.table("keys"), columns, terms, granted)
    if not own.keys:
        raise BadInput("the asker's table has no row with a key")
    return {"keys": len(own.keys), "columns": len(columns), "service": terms.id}


def _check_facts(task: Task, told: dict[str, Any], asked: dict[str, Any]) -> None:
    import msgspec

    from hanse.compute.operators.retrieval import sides
    from hanse.compute.operators.retrieval.service import Terms

    terms = msgspec.convert(told, Terms)
    if asked["service"] and asked["service"] != terms.id:
        raise BadInput("the two parts of the service come from different set-ups")
    if asked["columns"] != terms.key_columns:
        raise BadInput("the asker's key has another number of columns than the table's")
    sides.refuse_equal_names(task.texts("key"), terms)


def _serve(task: Task, link: Link, own: _Own, keys: int) -> None:
    from hanse.compute.operators.retrieval import lookup, sides

    part = own.part
    if part is None and own.terms is not None and own.entries is not None:
        part = sides.publish(task, link, own.terms, own.entries)
    if part is None:
        raise BadInput("retrieve takes a service or a table")
    task.phase("look up")
    lookup.serve(link, sides.asker_of(task), part, keys, task.progress)


def _ask(task: Task, link: Link, own: _Own, told: dict[str, Any]) -> None:
    from hanse.compute.operators.retrieval import lookup, sides

    part = own.part or sides.subscribe(task, link)
    if part.terms.id != told["id"]:
        raise BadInput("the two parts of the service come from different set-ups")
    task.phase("look up")
    hits = lookup.ask(link, sides.holder_of(task), part, own.keys, task.progress)
    _keep(task, own, part, hits)


def _keep(task: Task, own: _Own, part: ServicePart, hits: list[tuple[int, list[Any]]]) -> None:
    import numpy as np

    from hanse.compute.operators.retrieval import records
    from hanse.data.batches import ArrowTable

    task.phase("store")
    names = task.texts("key")
    rows = np.array([own.rows[place] for place, _ in hits], np.int64)
    found = task.table("keys").to_arrow(names).combine_chunks().take(rows)
    payload = records.table_of([values for _, values in hits], part.terms.columns)
    for column in part.terms.columns:
        found = found.append_column(column.name, payload[column.name])
    task.keep_table("table", ArrowTable(found.combine_chunks()), {"key_columns": names})
