"""Population stability: whether columns or scores are distributed as before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.compute.operators.common import LEVELS, LOCAL, MINIMUM_ROWS, SEMI_HONEST
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task
    from hanse.data.types import Column

SPEC = OperatorSpec(
    name="psi_stability",
    version=1,
    title="Population stability index",
    title_zh="群体稳定性指数",
    summary="Compares how columns are distributed in two tables of the same owner, such as two "
    "periods, and scores in two results of predict. Numbers are cut at quantiles of the base "
    "table, texts by its frequent values, gaps are a value of their own. "
    "PSI = Σ (p - q)·ln(p/q); under 0.1 stable, from 0.25 unstable. Each owner computes by itself "
    "and tells the receivers the indices.",
    summary_zh="比较同一方两张表（如两个时段）中各列的分布，以及两次 predict 的分数分布。"
    "数值按基准表等频分箱，文本按其常见取值，缺失单独成箱。PSI = Σ (p - q)·ln(p/q)，"
    "小于 0.1 为稳定，0.25 起为不稳定。各方在本地计算，只把指数告知接收方。",
    roles={
        "owner": "compares its own tables",
        "receiver": "gets the indices; compares scores it holds",
    },
    roles_zh={"owner": "比较自己的表", "receiver": "得到指数；比较自己持有的分数"},
    owners=(0, 16),
    inputs={
        "base": Port(
            kind="table",
            held_by=("owner",),
            help="Rows to compare with.",
            help_zh="基准行。",
            optional=True,
        ),
        "current": Port(
            kind="table",
            held_by=("owner",),
            help="Rows to look at.",
            help_zh="当前行。",
            optional=True,
        ),
        "base_scores": Port(
            kind="scores",
            held_by=("receiver",),
            help="Scores to compare with.",
            help_zh="基准分数。",
            optional=True,
        ),
        "current_scores": Port(
            kind="scores",
            held_by=("receiver",),
            help="Scores to look at.",
            help_zh="当前分数。",
            optional=True,
        ),
    },
    outputs={
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="PSI of each column, and of the scores.",
            help_zh="各列及分数的 PSI。",
        )
    },
    parameters={
        "columns": Parameter(
            type="texts",
            default=[],
            help="Columns to compare; none named means all but the keys.",
            help_zh="要比较的列；不填表示除标识列外的所有列。",
            columns_of=("base",),
        ),
        "bins": Parameter(
            type="integer",
            default=10,
            minimum="2",
            maximum="100",
            help="Largest number of bins.",
            help_zh="最多箱数。",
        ),
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=LOCAL,
    levels=LEVELS,
    ranges="Any numbers and texts.",
    ranges_zh="数值和文本不限。",
    adversary_model=SEMI_HONEST,
    collusion={"local": "Each owner computes by itself; there is nothing to collude on."},
    collusion_zh={"local": "各方在本地计算，不存在串通问题。"},
    leaks={
        "owner": "learns who else takes part; no value.",
        "receiver": "learns names and indices of the compared columns of all owners.",
    },
    leaks_zh={
        "owner": "得知还有谁参与；不会得知任何数值。",
        "receiver": "得知各方被比较的列名及其指数。",
    },
)


def run(task: Task) -> None:
    """This party's part of the comparison."""
    import msgspec

    from hanse.compute.operators.telling import tell_receivers

    link = task.link("data", task.participants)
    held: dict[str, Any] = {}
    task.agree(link, lambda: _compare(task, held))
    task.phase("report")
    told = tell_receivers(task, link, held.get("columns", []))
    if task.is_in("receiver"):
        lines = [{"owner": alias, **line} for alias, part in told.items() for line in part]
        report = {"columns": lines, "scores": held.get("scores", [])}
        task.keep_bytes("report", msgspec.json.encode(report), {})
    task.finish()


def _compare(task: Task, held: dict[str, Any]) -> dict[str, Any]:
    from hanse.compute.errors import NoSuchColumn
    from hanse.compute.operators.features.columns import chosen_columns

    if task.is_in("owner"):
        _require_pair(task, "base", "current")
        columns = chosen_columns(task, "base")
        there = {column.name: column.type for column in task.readable("current")}
        for column in columns:
            if there.get(column.name) != column.type:
                raise NoSuchColumn(f"the current table needs {column.name!r} as the base has it")
        held["columns"] = _lines(task, "base", "current", columns)
    if task.is_in("receiver") and (task.has("base_scores") or task.has("current_scores")):
        _require_pair(task, "base_scores", "current_scores")
        names = set(task.meta("base_scores").get("scores", []))
        scores = [c for c in task.readable("base_scores") if c.name in names]
        held["scores"] = _lines(task, "base_scores", "current_scores", scores)
    return {}


def _require_pair(task: Task, base: str, current: str) -> None:
    from hanse.compute.errors import BadInput
    from hanse.compute.operators.agreement import require_rows

    if not (task.has(base) and task.has(current)):
        raise BadInput(f"{base} and {current} are given together, at the same party")
    require_rows(task, base)
    require_rows(task, current)


def _lines(task: Task, base: str, current: str, columns: list[Column]) -> list[dict[str, Any]]:
    from hanse.compute.operators.features.stability import column_index, verdict

    bins, out = task.integer("bins"), []
    for column in columns:
        index = column_index(task.table(base), task.table(current), column, bins)
        out.append({"column": column.name, "psi": index, "verdict": verdict(index)})
    return out
