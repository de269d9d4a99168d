"""Supervised binning: columns at all owners, the label at one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.compute.operators.common import (
    LABEL,
    LEVELS,
    MINIMUM_ROWS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port
from hanse.compute.operators.features.texts import COLUMNS, EXCLUDE, MINIMUM_BIN_ROWS, TABLE

if TYPE_CHECKING:
    from hanse.compute.operators.features.binning import BinningRecipe
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="woe_binning",
    version=1,
    title="Supervised binning, WOE and IV",
    title_zh="有监督分箱、WOE 与 IV",
    summary="Cuts every column into bins and weighs them by the label of one owner. Each owner "
    "first makes fine bins of its own columns; events in them are counted on shares, exactly, "
    "and opened to the owner of the column, who merges bins and keeps cut points and weights. "
    "WOE = ln((events in the bin / all events) / (non-events in the bin / all non-events)). "
    "Numbers are cut at equal widths, at quantiles, by ChiMerge or optimally (largest IV); texts "
    "have a bin per frequent value and one for the rest; gaps have a bin of their own.",
    summary_zh="按某一方持有的标签对各方的列做分箱并计算 WOE 与 IV。"
    "各方先在本地对自己的列做细分箱，各箱正样本数在分片上精确统计，"
    "只向列的持有方打开，由其合并分箱并保存切点和 WOE。"
    "WOE = ln((箱内正样本/全部正样本)/(箱内负样本/全部负样本))。"
    "数值可等宽、等频、卡方合并或最优（IV 最大）分箱；"
    "文本按常见取值分箱，其余归为一箱；缺失单独成箱。",
    roles={
        "owner": "bins its columns and learns events by bin; one owner holds the label",
        "compute": "counts on shares",
        "receiver": "gets the IV of every column; every owner whose columns are counted with "
        "another's label must be one",
    },
    roles_zh={
        "owner": "对自己的列分箱并得知各箱正样本数，其中一方持有标签",
        "compute": "在分片上计数",
        "receiver": "得到每列的 IV；凡以他方标签统计自己列的提供方都必须是接收方",
    },
    owners=(1, 16),
    inputs={"table": TABLE},
    outputs={
        "recipe": Port(
            kind="model",
            held_by=("owner",),
            help="At each owner: cut points, categories and weights of its own columns.",
            help_zh="各方：自己列的切点、类别和 WOE。",
        ),
        "bins": Port(
            kind="report",
            held_by=("owner",),
            help="At each owner: rows, events, WOE and IV of the bins of its own columns.",
            help_zh="各方：自己列各箱的行数、正样本数、WOE 和 IV。",
        ),
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="IV and number of bins of every column.",
            help_zh="每列的 IV 和箱数。",
        ),
    },
    parameters={
        "label": LABEL,
        "columns": COLUMNS,
        "exclude": EXCLUDE,
        "method": Parameter(
            type="text",
            default="optimal",
            choices=("equal_width", "equal_frequency", "chi_merge", "optimal"),
            help="How numbers are cut, and whether bins are merged by the events in them.",
            help_zh="分箱方法：等宽、等频、卡方合并或最优。",
        ),
        "bins": Parameter(
            type="integer",
            default=8,
            minimum="2",
            maximum="50",
            help="Largest number of bins of a column, beside that of the gaps.",
            help_zh="每列最多箱数（缺失箱除外）。",
        ),
        "fine_bins": Parameter(
            type="integer",
            default=20,
            minimum="4",
            maximum="100",
            help="Fine bins (quantiles) from which chi_merge and optimal start.",
            help_zh="卡方合并与最优分箱起始的细分箱数（等频）。",
        ),
        "monotonic": Parameter(
            type="text",
            default="none",
            choices=("none", "ascending", "descending", "auto"),
            help="How event rates of numbers go from bin to bin; auto takes the better way.",
            help_zh="数值各箱正样本率的走向；auto 取 IV 较大者。",
        ),
        "minimum_share": Parameter(
            type="decimal",
            default="0.05",
            minimum="0",
            maximum="0.5",
            help="Smallest share of the rows in a bin made by chi_merge or optimal.",
            help_zh="卡方合并与最优分箱中每箱最小行数占比。",
        ),
        "significance": Parameter(
            type="decimal",
            default="0.05",
            minimum="0.0001",
            maximum="0.5",
            help="chi_merge joins neighbours that do not differ at this level.",
            help_zh="卡方合并的显著性水平。",
        ),
        "smoothing": Parameter(
            type="decimal",
            default="0.5",
            minimum="0.000001",
            maximum="10",
            help="Added to both counts of a bin without events or without non-events.",
            help_zh="箱内正样本或负样本为零时两个计数各加此值。",
        ),
        "minimum_bin_rows": MINIMUM_BIN_ROWS,
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Any numbers. Counts are whole numbers in the 64-bit ring and exact for up to 2^31 "
    "rows.",
    ranges_zh="数值不限。计数为 64 位环上的整数，2^31 行以内精确。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count, who holds the label, how many fine bins the others' "
        "columns have, how many events there are in all, and how many events and non-events "
        "each fine bin of its own columns has; none for a bin with fewer rows than "
        "minimum_bin_rows. Binning the same rows again with other cut points tells it the events "
        "between the cuts. An owner that shares something else than indicators could learn "
        "other sums of labels.",
        "compute": "learns the row count, how many fine bins each owner's columns have and who "
        "holds the label; no count, no value.",
        "receiver": "learns name, type, number of bins and IV of every column, and which columns "
        "could not be binned.",
    },
    leaks_zh={
        "owner": "得知行数、标签由谁持有、他方各列细分箱总数、全部正样本数，"
        "以及自己列的每个细分箱的正负样本数；"
        "行数少于 minimum_bin_rows 的箱不公开。对相同的行换切点重复分箱可得知切点之间的正样本数；"
        "若所交分片并非指示变量，可得知标签的其他求和。",
        "compute": "得知行数、各方细分箱总数以及标签由谁持有；不会得知任何计数或取值。",
        "receiver": "得知每列的列名、类型、箱数和 IV，以及哪些列无法分箱。",
    },
)


def run(task: Task) -> None:
    """This party's part of the binning."""
    import msgspec

    from hanse.compute.operators.features import counts
    from hanse.compute.operators.features.binning import FAMILY, MERGED, BinningRecipe
    from hanse.compute.operators.telling import tell_receivers

    own = counts.Own()
    method = task.text("method")
    bins = task.integer("fine_bins" if method in MERGED else "bins")
    link = task.link("data", task.participants)
    facts = task.agree(link, lambda: counts.prepare(task, own, method=method, bins=bins))
    total = counts.count(task, link, own, facts)
    task.phase("merge")
    learnt = _merged(task, own, total, method)
    recipe = BinningRecipe(FAMILY, learnt, own.left_out)
    task.phase("report")
    told = tell_receivers(task, link, _summary(recipe))
    if task.is_in("owner"):
        task.keep_bytes("recipe", msgspec.msgpack.encode(recipe), {})
        task.keep_bytes("bins", msgspec.json.encode({"columns": _lines(recipe)}), {})
    if told:
        lines = [{"owner": a, **line} for a, part in told.items() for line in part["columns"]]
        left_out = {alias: part["left_out"] for alias, part in told.items() if part["left_out"]}
        task.keep_bytes("report", msgspec.json.encode({"columns": lines, "left_out": left_out}), {})
    task.finish()


def _merged(task: Task, own: Any, total: tuple[int, int], method: str) -> list[Any]:
    from hanse.compute.operators.features.binning import learn
    from hanse.compute.operators.features.merging import Limits

    if not own.columns:
        return []
    rows = len(own.columns[0].codes)
    limits = Limits(
        bins=task.integer("bins"),
        rows=max(round(task.decimal("minimum_share") * rows), task.integer("minimum_bin_rows")),
        trend=task.text("monotonic"),  # type: ignore[arg-type]
        significance=task.decimal("significance"),
        smoothing=task.decimal("smoothing"),
    )
    out = []
    for number, column in enumerate(own.columns, start=1):
        out.append(learn(column, total, method, limits))
        task.progress(number, len(own.columns))
    return out


def _summary(recipe: BinningRecipe) -> dict[str, Any]:
    columns = [
        {"column": bins.name, "type": bins.type, "bins": len(bins.weights), "iv": bins.iv}
        for bins in recipe.columns
    ]
    return {"columns": columns, "left_out": recipe.left_out}


def _lines(recipe: BinningRecipe) -> list[dict[str, Any]]:
    import msgspec

    return [msgspec.to_builtins(bins) for bins in recipe.columns]
