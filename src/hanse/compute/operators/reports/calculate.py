"""Basic computing: arithmetic, comparison, logic and case over columns of several parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LEVELS,
    MINIMUM_ROWS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

VALUES = (
    "Every value is a whole number times a power of two. Owners round their parts once: to 60 "
    "bits of their largest value in sums and comparisons (whole numbers exactly), to half of 61 "
    "bits in a product of two parties' parts, a third in one of three. Bounds are carried through "
    "the expression from the powers of two the owners told; a product that would leave a factor "
    "fewer than 13 bits is refused before anything is shared, with the operation and its columns "
    "named. Nothing can wrap around."
)
VALUES_ZH = (
    "每个数值表示为整数乘以二的幂。各方对自己的部分只舍入一次：求和与比较时保留其最大值的 60 位"
    "（整数则精确），两方相乘时各得 61 位的一半，三方相乘时三分之一。"
    "根据各方告知的二次幂上界在表达式中逐层推算范围；若某个因子将少于 13 位，"
    "则在分片之前拒绝执行，并指明运算和列。任何运算都不会溢出。"
)

SPEC = OperatorSpec(
    name="calculate",
    version=1,
    title="Calculation",
    title_zh="基础计算",
    summary="Evaluates expressions row by row over columns of several owners: + - * /, "
    "comparisons, AND, OR, NOT, IS NULL, IN, BETWEEN, CASE, COALESCE, ABS, and over columns of one "
    "owner also ROUND, FLOOR, CEIL, LOWER, UPPER, LENGTH and LIKE. What uses columns of one owner "
    "only is worked out by that owner; the rest runs on shares. A quotient is taken when its "
    "divisor belongs to one owner. Division by zero and missing values give missing values, as in "
    "SQL.",
    summary_zh="对多个提供方的列逐行计算表达式：+ - * /、比较、AND、OR、NOT、IS NULL、IN、BETWEEN、"
    "CASE、COALESCE、ABS；只涉及一方的列时还可用 ROUND、FLOOR、CEIL、LOWER、UPPER、LENGTH 和 LIKE。"
    "只涉及一方的部分由该方自行计算，其余在分片上计算。除数须只属于一方。"
    "除以零和缺失值的结果为缺失值，与 SQL 相同。",
    roles={
        "owner": "works out its own parts and shares them",
        "compute": "evaluates the rest on shares",
        "receiver": "opens the values of every row",
    },
    roles_zh={
        "owner": "计算自己的部分并以分片形式交出",
        "compute": "在分片上计算其余部分",
        "receiver": "打开每一行的结果",
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
            help="Keys (or row numbers) and the values.",
            help_zh="标识（或行号）与计算结果。",
        )
    },
    parameters={
        "expressions": Parameter(
            type="texts",
            help="Expressions with AS and a name, such as `bank.income - shop.spend AS rest`. "
            "A column that one owner alone has needs no owner in front.",
            help_zh="带 AS 名称的表达式，例如 `bank.income - shop.spend AS rest`。"
            "只有一方持有的列可不写提供方。",
        ),
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges=VALUES,
    ranges_zh=VALUES_ZH,
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count, the names and types of the columns that are used and, of "
        "every part that another owner works out, the power of two that bounds it, whether its "
        "values are whole numbers and whether it has gaps.",
        "compute": "learns the same as an owner; no value.",
        "receiver": "learns the same, and the values of all expressions in every row. With its "
        "own columns it can often solve them for another owner's: `a - b` shows b to who has a.",
    },
    leaks_zh={
        "owner": "得知行数、所用各列的列名和类型，以及其他方自行计算的每个部分的二次幂上界、"
        "是否均为整数和是否有缺失。",
        "compute": "与提供方相同；不会得知任何数值。",
        "receiver": "除上述内容外，得知每一行所有表达式的值。结合自己的列往往可以解出其他方的列："
        "持有 a 的一方由 `a - b` 即可得到 b。",
    },
)


def run(task: Task) -> None:
    """This party's part of the calculation."""
    from hanse.compute.operators.reports.calculation import calculate

    calculate(task)
