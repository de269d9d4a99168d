"""Joint SQL over aligned tables of several parties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from hanse.compute.operators.common import (
    LEVELS,
    MINIMUM_ROWS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port, Value
from hanse.compute.operators.reports.calculate import VALUES, VALUES_ZH
from hanse.compute.operators.reports.group_by import MINIMUM_GROUP, MOST_GROUPS

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

_RULES = {
    "open": (
        "Columns that may be shown row by row.",
        "可逐行公开的列。",
    ),
    "after_join": (
        "Columns that may be shown row by row, of joined rows.",
        "连接之后可逐行公开的列。",
    ),
    "after_aggregation": (
        "Columns that may be shown within groups. So may all that no rule names.",
        "仅可在分组统计中公开的列；未列入任何规则的列按此处理。",
    ),
    "encrypted_only": (
        "Columns that are never shown: conditions of grouped queries only.",
        "不得公开的列，只能用于分组查询的条件。",
    ),
}

SPEC = OperatorSpec(
    name="sql",
    version=1,
    title="Joint SQL",
    title_zh="联合 SQL",
    summary="One SELECT over the aligned tables of several parties: WHERE, inner JOIN on the "
    "columns the tables were aligned by, GROUP BY, HAVING, ORDER BY, LIMIT, COUNT, SUM, AVG, MIN, "
    "MAX, VARIANCE, STDDEV, arithmetic, comparisons, logic and CASE. Tables are named after their "
    "parties. Each party does its own filters, expressions and group keys in DuckDB; what mixes "
    "parties runs on shares. Disclosure rules of columns are checked before anything is computed, "
    "small groups are hidden as in group_by.",
    summary_zh="在多方已对齐的表上执行一条 SELECT：WHERE、按对齐列的内连接 JOIN、GROUP BY、HAVING、"
    "ORDER BY、LIMIT、COUNT、SUM、AVG、MIN、MAX、VARIANCE、STDDEV、算术、比较、逻辑和 CASE。"
    "表名即参与方别名。各方在 DuckDB 中执行自己的过滤、表达式和分组键；涉及多方的部分在分片上执行。"
    "计算之前先检查各列的公开规则；小分组的隐藏方式与 group_by 相同。",
    roles={
        "owner": "does its own part of the query and shares what is needed further",
        "compute": "does the rest on shares",
        "receiver": "opens the result",
    },
    roles_zh={
        "owner": "执行查询中自己的部分，并以分片形式交出后续所需数据",
        "compute": "在分片上执行其余部分",
        "receiver": "打开结果",
    },
    owners=(1, 16),
    inputs={
        "table": Port(
            kind="table", held_by=("owner",), help="Aligned table.", help_zh="对齐后的表。"
        )
    },
    outputs={
        "result": Port(
            kind="table",
            held_by=("receiver",),
            help="The query's result; rows come with keys (or row numbers).",
            help_zh="查询结果；逐行结果附有标识（或行号）。",
        )
    },
    parameters={
        "query": Parameter(
            type="text",
            max_length=8000,
            help="One SELECT. A column that one party alone has needs no party in front.",
            help_zh="一条 SELECT。只有一方持有的列可不写参与方。",
        ),
        **{
            rule: Parameter(
                type="texts", default=[], help=text, help_zh=chinese, columns_of=("table",)
            )
            for rule, (text, chinese) in _RULES.items()
        },
        "minimum_group": MINIMUM_GROUP,
        "maximum_groups": MOST_GROUPS,
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges=VALUES + " Sums by group keep 61 bits less the bits of the row count.",
    ranges_zh=VALUES_ZH + "按组求和保留 61 位减去行数的位数。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the query, the row count, the names and types of the columns it uses or "
        "that a rule names, how many categories with enough rows each owner's group keys have, "
        "and of every part that another owner works out the power of two that bounds it, whether "
        "its values are whole numbers and whether it has gaps.",
        "compute": "learns the same as an owner; no value and no category.",
        "receiver": "learns the same, and: of a query without groups, which rows pass and their "
        "values; of one with groups, the categories of every owner that have enough rows, and of "
        "each group that is not hidden its row count and aggregates. HAVING, ORDER BY and LIMIT "
        "are applied by the receiver, so it has seen what they remove. Two queries over nearly "
        "the same rows show what tells these apart: group size does not stop differencing.",
    },
    leaks_zh={
        "owner": "得知查询、行数、查询用到或规则列出的各列的列名和类型、各方分组键中行数足够的类"
        "别个数，"
        "以及其他方自行计算的每个部分的二次幂上界、是否均为整数和是否有缺失。",
        "compute": "与提供方相同；不会得知任何数值和类别。",
        "receiver": "除上述内容外：不分组的查询，得知哪些行满足条件及其结果；分组的查询，"
        "得知各方行数足够的类别名称，以及每个未隐藏分组的行数和统计值。"
        "HAVING、ORDER BY 和 LIMIT 由接收方执行，因此它看到了被去掉的部分。"
        "对几乎相同的行执行两次查询会暴露其差异：分组下限不能防止差分攻击。",
    },
)


def run(task: Task) -> None:
    """This party's part of the query."""
    from hanse.compute.operators.reports.joint_query import run_query

    run_query(task)


def explain_run(
    parameters: Mapping[str, Value],
    columns: Mapping[str, Mapping[str, str]],
    *,
    computes: Sequence[str],
    receivers: Sequence[str],
) -> list[str]:
    """EXPLAIN: who works out what of the query, and who learns what.

    Raises:
        BadExpression, NoSuchColumn, AmbiguousColumn, Undisclosed: as the query itself would.
    """
    from hanse.compute.operators.reports.explain import explain_query
    from hanse.compute.operators.reports.rules import RULES

    return explain_query(
        str(parameters["query"]),
        columns,
        rules={rule: cast(list[str], parameters[rule]) for rule in RULES},
        computes=computes,
        receivers=receivers,
        minimum_group=cast(int, parameters["minimum_group"]),
    )
