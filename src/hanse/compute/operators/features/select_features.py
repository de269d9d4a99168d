"""Keep the columns that pass filters by missing values, IV, correlation, VIF and importance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.compute.operators.common import LEVELS, LOCAL, SEMI_HONEST
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port
from hanse.compute.operators.features.texts import TABLE

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="select_features",
    version=1,
    title="Feature selection",
    title_zh="特征筛选",
    summary="Drops columns: each owner those with too many gaps, and those of too little gain in "
    "boosted trees; then the receiver, from the reports it holds, those with a small IV, of two "
    "columns that correlate too much the one with the smaller IV, and those with a large VIF, one "
    "after the other. It tells each owner which of its columns go. Keys and the columns named in "
    "keep always stay.",
    summary_zh="筛选列：各方先去掉自己缺失过多的列和在提升树中增益过小的列；"
    "再由接收方依据所持报表去掉 IV 过小的列、两列相关过高时 IV 较小的一列，"
    "并逐个去掉 VIF 过大的列，把应去掉的列告知各持有方。标识列和 keep 中的列始终保留。",
    roles={
        "owner": "drops columns of its own table",
        "receiver": "holds the reports and decides; there is one",
    },
    roles_zh={"owner": "去掉自己表中的列", "receiver": "持有报表并决定；只能有一个"},
    owners=(1, 16),
    inputs={
        "table": TABLE,
        "iv": Port(
            kind="report",
            held_by=("receiver",),
            help="Report of woe_binning.",
            help_zh="woe_binning 的报表。",
            optional=True,
        ),
        "correlation": Port(
            kind="report",
            held_by=("receiver",),
            help="Report of correlation; for the rules on correlation and VIF.",
            help_zh="correlation 的报表；用于相关系数和 VIF 规则。",
            optional=True,
        ),
        "importance": Port(
            kind="report",
            held_by=("owner",),
            help="Report of boosted trees on the owner's own columns.",
            help_zh="提升树给出的各方自己列的增益报表。",
            optional=True,
        ),
    },
    outputs={
        "table": Port(
            kind="table",
            held_by=("owner",),
            help="The columns that stay.",
            help_zh="保留的列。",
        ),
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="Columns that stay, and the rule by which each other went.",
            help_zh="保留的列，以及其余各列因何规则被去掉。",
        ),
    },
    parameters={
        "keep": Parameter(
            type="texts",
            default=[],
            help="Columns no rule applies to, such as the label.",
            help_zh="不参与筛选的列，例如标签列。",
            columns_of=("table",),
        ),
        "max_missing": Parameter(
            type="decimal",
            default="0.95",
            minimum="0",
            maximum="1",
            help="Largest share of rows without a value.",
            help_zh="最大缺失率。",
        ),
        "min_iv": Parameter(
            type="decimal",
            default="0",
            minimum="0",
            maximum="10",
            help="Smallest information value.",
            help_zh="最小 IV。",
        ),
        "max_correlation": Parameter(
            type="decimal",
            default="1",
            minimum="0.01",
            maximum="1",
            help="Largest absolute correlation between two columns; 1 for none.",
            help_zh="两列间相关系数绝对值上限；1 表示不限。",
        ),
        "max_vif": Parameter(
            type="decimal",
            default="0",
            minimum="0",
            maximum="1000000",
            help="Largest variance inflation factor; 0 for none.",
            help_zh="VIF 上限；0 表示不限。",
        ),
        "min_gain": Parameter(
            type="decimal",
            default="0",
            minimum="0",
            maximum="1000000000",
            help="Smallest total gain in boosted trees.",
            help_zh="提升树中的最小总增益。",
        ),
    },
    protocols=LOCAL,
    levels=LEVELS,
    ranges="Any numbers and texts.",
    ranges_zh="数值和文本不限。",
    adversary_model=SEMI_HONEST,
    collusion={
        "local": "No shares are computed on; what is told does not depend on who pools what."
    },
    collusion_zh={"local": "不涉及分片计算；公开内容与是否串通无关。"},
    leaks={
        "owner": "learns which of its own columns go; nothing of the others' columns.",
        "receiver": "learns the names of all columns and which of them their owners dropped for "
        "gaps or little gain.",
    },
    leaks_zh={
        "owner": "得知自己的哪些列被去掉；不会得知其他方的列。",
        "receiver": "得知所有列名，以及各方因缺失或增益过小去掉了哪些列。",
    },
)


def run(task: Task) -> None:
    """This party's part of the selection."""
    from hanse.compute.operators.telling import receive, tell_receivers
    from hanse.data.batches import ArrowTable

    link = task.link("data", task.participants)
    held: dict[str, Any] = {}
    task.agree(link, lambda: _check(task, held))
    task.phase("report")
    told = tell_receivers(task, link, held.get("own"))
    going: list[str] = []
    if told:
        going = _decide(task, link, held, told)
    elif task.is_in("owner"):
        going = receive(link, task.parties("receiver")[0])
    if task.is_in("owner"):
        gone = {*going, *held["own"]["missing"], *held["own"]["gain"]}
        names = [c.name for c in task.readable("table") if c.name not in gone]
        kept = ArrowTable(task.table("table").to_arrow(names))
        task.keep_table("table", kept, task.meta("table"))
    task.finish()


def _check(task: Task, held: dict[str, Any]) -> dict[str, Any]:
    from hanse.compute.errors import BadRoles

    if len(task.parties("receiver")) != 1:
        raise BadRoles("select_features has one receiver, who holds the reports")
    if task.is_in("owner"):
        held["own"] = _own(task)
    if task.is_in("receiver"):
        held["reports"] = _reports(task)
    return {}


def _own(task: Task) -> dict[str, list[str]]:
    """This owner's columns: those that stay for now, and those it drops itself."""
    from hanse.compute.operators.features.columns import missing_share

    table = task.table("table")
    safe = {*task.texts("keep"), *task.meta("table").get("key_columns", [])}
    columns = [column for column in task.readable("table") if column.name not in safe]
    most, least = task.decimal("max_missing"), task.decimal("min_gain")
    missing = [c.name for c in columns if missing_share(table, c) > most]
    gains = task.report("importance").get("gain", {}) if task.has("importance") else {}
    weak = [
        c.name
        for c in columns
        if c.name in gains and gains[c.name] < least and c.name not in missing
    ]
    left = [c.name for c in columns if c.name not in missing and c.name not in weak]
    return {"columns": left, "missing": missing, "gain": weak}


def _reports(task: Task) -> Any:
    """The reports this receiver holds.

    Raises:
        BadParameter: when a rule needs one that is not given.
    """
    from hanse.compute.errors import BadParameter
    from hanse.compute.operators.features.selecting import Reports

    needs = {
        "min_iv": ("iv", task.decimal("min_iv") > 0),
        "max_correlation": ("correlation", task.decimal("max_correlation") < 1),
        "max_vif": ("correlation", task.decimal("max_vif") > 0),
    }
    for parameter, (port, wanted) in needs.items():
        if wanted and not task.has(port):
            raise BadParameter(f"{parameter!r} needs the report {port!r} at the receiver")
    given = {port: task.report(port) for port in ("iv", "correlation") if task.has(port)}
    return Reports(**given)


def _decide(task: Task, link: Link, held: dict[str, Any], told: dict[str, Any]) -> list[str]:
    """Tell each owner which of its columns go; keep the report. Returns this owner's own."""
    import msgspec

    from hanse.compute.operators.features.selecting import Limits, decide

    task.phase("decide")
    candidates = [(alias, name) for alias, part in told.items() for name in part["columns"]]
    limits = Limits(
        iv=task.decimal("min_iv"),
        correlation=task.decimal("max_correlation"),
        vif=task.decimal("max_vif"),
    )
    gone = decide(candidates, held["reports"], limits)
    for alias in told:
        if alias != task.me:
            mine = [name for owner, name in gone if owner == alias]
            link.send(alias, msgspec.json.encode(mine))
    early = [
        (alias, name, rule)
        for alias, part in told.items()
        for rule in ("missing", "gain")
        for name in part[rule]
    ]
    late = [(owner, name, rule) for (owner, name), rule in gone.items()]
    report = {
        "kept": [{"owner": o, "column": n} for o, n in candidates if (o, n) not in gone],
        "dropped": [{"owner": o, "column": n, "rule": rule} for o, n, rule in early + late],
    }
    task.keep_bytes("report", msgspec.json.encode(report), {})
    return [name for owner, name in gone if owner == task.me]
