"""Chi-square test of every column against the label of one owner."""

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
    from hanse.compute.operators.features.counts import Column
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="chi_square",
    version=1,
    title="Chi-square test against the label",
    title_zh="与标签的卡方检验",
    summary="Pearson's chi-square test of every column against a label of 0 and 1. Numbers are "
    "cut at quantiles, texts by frequent values, gaps are a value of their own; events by bin are "
    "counted on shares and opened to the owner of the column, who tells statistic, degrees of "
    "freedom and p-value to the receivers.",
    summary_zh="对每列与 0/1 标签做皮尔逊卡方检验。数值等频分箱，文本按常见取值，缺失单独成箱；"
    "各箱正样本数在分片上统计，只向列的持有方打开，"
    "由其把统计量、自由度和 p 值告知接收方。",
    roles={
        "owner": "bins its columns and learns events by bin; one owner holds the label",
        "compute": "counts on shares",
        "receiver": "gets the test of every column; every owner whose columns are counted with "
        "another's label must be one",
    },
    roles_zh={
        "owner": "对自己的列分箱并得知各箱正样本数，其中一方持有标签",
        "compute": "在分片上计数",
        "receiver": "得到每列的检验结果；凡以他方标签统计自己列的提供方都必须是接收方",
    },
    owners=(1, 16),
    inputs={"table": TABLE},
    outputs={
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="Statistic, degrees of freedom and p-value of every column.",
            help_zh="每列的统计量、自由度和 p 值。",
        )
    },
    parameters={
        "label": LABEL,
        "columns": COLUMNS,
        "exclude": EXCLUDE,
        "bins": Parameter(
            type="integer",
            default=10,
            minimum="2",
            maximum="100",
            help="Largest number of bins of a column, beside that of the gaps.",
            help_zh="每列最多箱数（缺失箱除外）。",
        ),
        "minimum_bin_rows": MINIMUM_BIN_ROWS,
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Any numbers and texts. Counts are whole numbers in the 64-bit ring and exact for up "
    "to 2^31 rows.",
    ranges_zh="数值和文本不限。计数为 64 位环上的整数，2^31 行以内精确。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count, who holds the label, how many bins the others' columns "
        "have, how many events there are in all, and how many events and non-events each bin of "
        "its own columns has; none for a bin with fewer rows than minimum_bin_rows.",
        "compute": "learns the row count, how many bins each owner's columns have and who holds "
        "the label; no count, no value.",
        "receiver": "learns name, type, number of bins, statistic and p-value of every column, "
        "and which columns could not be tested.",
    },
    leaks_zh={
        "owner": "得知行数、标签由谁持有、他方各列箱数、全部正样本数，"
        "以及自己列每箱的正负样本数；行数少于 minimum_bin_rows 的箱不公开。",
        "compute": "得知行数、各方箱数以及标签由谁持有；不会得知任何计数或取值。",
        "receiver": "得知每列的列名、类型、箱数、统计量和 p 值，以及哪些列无法检验。",
    },
)


def run(task: Task) -> None:
    """This party's part of the test."""
    import msgspec

    from hanse.compute.operators.features import counts
    from hanse.compute.operators.telling import tell_receivers

    own = counts.Own()
    bins = task.integer("bins")
    link = task.link("data", task.participants)
    facts = task.agree(link, lambda: counts.prepare(task, own, method="quantiles", bins=bins))
    counts.count(task, link, own, facts)
    mine = {"columns": [_line(column) for column in own.columns], "left_out": own.left_out}
    task.phase("report")
    told = tell_receivers(task, link, mine)
    if told:
        lines = [{"owner": a, **line} for a, part in told.items() for line in part["columns"]]
        left_out = {alias: part["left_out"] for alias, part in told.items() if part["left_out"]}
        task.keep_bytes("report", msgspec.json.encode({"columns": lines, "left_out": left_out}), {})
    task.finish()


def _line(column: Column) -> dict[str, Any]:
    import numpy as np

    from hanse.compute.operators.features.independence import independence

    events, rows = np.maximum(column.events, 0), np.maximum(column.rows, 0)
    statistic, freedom, chance = independence(events, rows - events)
    return {
        "column": column.prebins.name,
        "type": column.prebins.type,
        "bins": column.prebins.count,
        "statistic": statistic,
        "freedom": freedom,
        "p_value": chance,
    }
