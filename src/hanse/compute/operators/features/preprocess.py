"""Clean columns by agreed rules, at each owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LEVELS,
    LOCAL,
    LOCAL_COLLUSION,
    LOCAL_COLLUSION_ZH,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port
from hanse.compute.operators.features.texts import COLUMNS, EXCLUDE, TABLE

if TYPE_CHECKING:
    from hanse.compute.operators.features.cleaning import Rules
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="preprocess",
    version=1,
    title="Cleaning by agreed rules",
    title_zh="按约定规则预处理",
    summary="Each owner cleans its own columns by the same rules: numbers are capped at "
    "quantiles, gaps filled, numbers scaled, texts and truth values turned into one column of 0 "
    "and 1 per frequent value (named column=value, column=* for the rest, column=∅ for gaps). The "
    "recipe stays with the owner; apply_preprocess applies it to other rows. Keys and excluded "
    "columns stay as they are; columns without any value are dropped. Nothing is sent.",
    summary_zh="各方按相同规则在本地处理自己的列：数值按分位数截断、填补缺失、缩放；"
    "文本和布尔值按常见取值展开为 0/1 列"
    "（列名为 列=值，其余为 列=*，缺失为 列=∅）。规则留在各方，"
    "可用 apply_preprocess 应用于其他行。"
    "标识列和排除列保持原样，全为缺失的列被去掉。不发送任何数据。",
    roles={"owner": "cleans its own table"},
    roles_zh={"owner": "在本地处理自己的表"},
    owners=(1, 16),
    inputs={"table": TABLE},
    outputs={
        "table": Port(
            kind="table", held_by=("owner",), help="The cleaned table.", help_zh="处理后的表。"
        ),
        "recipe": Port(
            kind="model",
            held_by=("owner",),
            help="At each owner: how its columns are cleaned.",
            help_zh="各方：自己列的处理规则。",
        ),
    },
    parameters={
        "columns": COLUMNS,
        "exclude": EXCLUDE,
        "drop": Parameter(
            type="texts",
            default=[],
            help="Columns to drop.",
            help_zh="要去掉的列。",
            columns_of=("table",),
        ),
        "fill": Parameter(
            type="text",
            default="median",
            choices=("none", "mean", "median", "most_frequent", "zero"),
            help="What fills gaps of numbers; texts take their most frequent value, unless none.",
            help_zh="数值缺失的填补方式；文本用最常见取值填补（none 除外）。",
        ),
        "scale": Parameter(
            type="text",
            default="none",
            choices=("none", "standard", "min_max", "robust"),
            help="How numbers are scaled: mean 0 and deviation 1, 0 to 1, or median 0 and "
            "interquartile range 1. Dates are scaled as numbers of days.",
            help_zh="数值缩放：标准化、0–1 缩放，或按中位数和四分位距；日期按天数。",
        ),
        "cap_low": Parameter(
            type="decimal",
            default="0",
            minimum="0",
            maximum="0.5",
            help="Quantile to which smaller numbers are raised; 0 for none.",
            help_zh="低于该分位数的数值提升到分位数；0 表示不处理。",
        ),
        "cap_high": Parameter(
            type="decimal",
            default="1",
            minimum="0.5",
            maximum="1",
            help="Quantile to which greater numbers are lowered; 1 for none.",
            help_zh="高于该分位数的数值降低到分位数；1 表示不处理。",
        ),
        "one_hot": Parameter(
            type="boolean",
            default=False,
            help="Whether texts and truth values become columns of 0 and 1. The names of these "
            "columns hold the frequent values.",
            help_zh="是否把文本和布尔值展开为 0/1 列；新列名包含常见取值。",
        ),
        "max_categories": Parameter(
            type="integer",
            default=10,
            minimum="1",
            maximum="100",
            help="Frequent values that get a column of their own.",
            help_zh="单独成列的常见取值个数。",
        ),
    },
    protocols=LOCAL,
    levels=LEVELS,
    ranges="Numbers whose mean and deviation are finite.",
    ranges_zh="均值和标准差有限的数值。",
    adversary_model=SEMI_HONEST,
    collusion=LOCAL_COLLUSION,
    collusion_zh=LOCAL_COLLUSION_ZH,
    leaks={
        "owner": "learns nothing; nothing is sent. Later steps that tell column names tell the "
        "frequent values in the names of one-hot columns."
    },
    leaks_zh={
        "owner": "不会得知任何信息，不发送任何数据。后续会公开列名的步骤，"
        "会随展开列的列名公开常见取值。"
    },
)


def run(task: Task) -> None:
    """Clean this owner's table and keep the recipe."""
    import msgspec

    from hanse.compute.operators.agreement import require_a_row
    from hanse.compute.operators.features.cleaning import apply, learn
    from hanse.compute.operators.features.columns import chosen_columns
    from hanse.data.batches import ArrowTable

    table, columns = task.table("table"), task.readable("table")
    task.phase("learn")
    require_a_row(task)
    keys = task.meta("table").get("key_columns", [])
    drop = [name for name in task.texts("drop") if name not in keys]
    chosen = chosen_columns(task, without={*task.texts("exclude"), *drop})
    recipe = learn(table, chosen, drop, _rules(task))
    task.phase("apply")
    task.keep_table("table", ArrowTable(apply(recipe, table, columns)), task.meta("table"))
    task.keep_bytes("recipe", msgspec.msgpack.encode(recipe), {})


def _rules(task: Task) -> Rules:
    from hanse.compute.operators.features.cleaning import Rules

    return Rules(
        fill=task.text("fill"),  # type: ignore[arg-type]
        scale=task.text("scale"),  # type: ignore[arg-type]
        low=task.decimal("cap_low"),
        high=task.decimal("cap_high"),
        one_hot=bool(task.parameters["one_hot"]),
        categories=task.integer("max_categories"),
    )
